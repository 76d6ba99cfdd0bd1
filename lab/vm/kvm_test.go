package vm

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/arch"
)

func TestAdviceAboutPermission(t *testing.T) {
	for name, c := range map[string]struct {
		mode        os.FileMode
		member, now bool
		want        string
	}{
		"not in the group":   {0o660, false, false, "usermod -aG kvm ada, then log in again"},
		"since this login":   {0o660, true, false, "newgrp kvm"},
		"for root only":      {0o600, false, false, "mode is 0600"},
		"group may read":     {0o640, true, true, "mode is 0640"},
		"in the group, and ": {0o660, true, true, "access control list"},
	} {
		if got := advice(c.mode, "kvm", "ada", c.member, c.now); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q lacks %q", name, got, c.want)
		}
	}
	device := filepath.Join(t.TempDir(), "kvm")
	if got := noPermission(device); !strings.HasSuffix(got, device) {
		t.Errorf("without the device: %q", got)
	}
	if err := os.WriteFile(device, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := noPermission(device); !strings.Contains(got, "mode is 0600") || strings.Contains(got, "\n") {
		t.Errorf("with the device: %q", got)
	}
}

// What a guest sees of the CPU names a template: on another host, under another
// kernel of the host, or with another accelerator it is another template.
func TestIdentityUnderKVM(t *testing.T) {
	kernel := filepath.Join(t.TempDir(), "kernel")
	if err := os.WriteFile(kernel, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	kvm, err := Config{Kernel: kernel, Accel: KVM}.Identity()
	if err != nil {
		t.Fatal(err)
	}
	cpu, err := hostCPU()
	if err != nil {
		t.Fatal(err)
	}
	release, err := hostKernel()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{arch.Default().QEMU.KVM, cpu, release} {
		if !slices.Contains(kvm, want) {
			t.Errorf("under KVM it lacks %.60q", want)
		}
	}
	tcg, err := Config{Kernel: kernel, Accel: TCG}.Identity()
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(tcg, cpu) || slices.Contains(tcg, arch.Default().QEMU.KVM) || slices.Contains(tcg, release) {
		t.Error("under TCG it depends on the host's CPU or kernel")
	}
}
