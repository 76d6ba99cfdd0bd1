package vm

// Accel is what runs the guest's instructions.
type Accel string

const (
	// Auto is for Choose alone: KVM where it works, else TCG.
	Auto Accel = "auto"
	// KVM uses the processor's virtualisation.
	KVM Accel = "kvm"
	// TCG translates the guest's code: slower, and works everywhere.
	TCG Accel = "tcg"
)
