package images

import (
	"fmt"
	"path"

	"github.com/splicelab/splicelab/kernels"
)

// MountStep is one mount of a profile, for the guest agent.
type MountStep struct {
	Device  string   // "disk0" for the profile's disk, or empty
	Type    string   // filesystem type for mount(2)
	Target  string   // directory; created if missing
	Options string   // comma-separated
	Mkdirs  []string // created after the previous steps, before mounting
}

// Disk0 is the device of the profile's own disk in a MountStep: the guest's
// first disk, whatever its driver.
const Disk0 = "disk0"

// Steps are the mounts that put the profile's filesystem on target, in order.
func (p Profile) Steps(target string) []MountStep {
	base := MountStep{Type: p.Type, Target: target, Options: p.Options}
	if p.HasDisk() {
		base.Device = Disk0
	}
	if !p.Overlay {
		return []MountStep{base}
	}
	base.Target = path.Clean(target) + ".layers"
	lower, upper, work := base.Target+"/lower", base.Target+"/upper", base.Target+"/work"
	return []MountStep{base, {
		Device:  "overlay",
		Type:    "overlay",
		Target:  target,
		Options: fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work),
		Mkdirs:  []string{lower, upper, work},
	}}
}

// HasDisk reports whether the profile's filesystem is on a disk.
func (p Profile) HasDisk() bool { return len(p.Mkfs) > 0 }

// WantedModules are the modules needed to mount the profile, for a Spec, without
// the disk's driver, which the lab chooses.
func (p Profile) WantedModules() []string {
	modules := p.Modules
	if len(modules) == 0 && p.Type != "tmpfs" { // never a module
		modules = []string{p.Type}
	}
	if p.Overlay {
		modules = append(modules[:len(modules):len(modules)], "overlay")
	}
	return modules
}

// UnmetOn reports whether a required option is known to be off in the
// kernel's configuration, or its page size is another one, and which. A kernel
// without configuration passes.
func (p Profile) UnmetOn(k kernels.Kernel) (reason string, unmet bool, err error) {
	for _, option := range p.Requires {
		value, known, err := ConfigOption(k, option)
		if err != nil {
			return "", false, err
		}
		if known && value == "" {
			return fmt.Sprintf("kernel %s is built without %s", k.Release, option), true, nil
		}
	}
	if p.PageSize == 0 {
		return "", false, nil
	}
	size, known, err := PageSize(k)
	if err != nil || !known || size == p.PageSize {
		return "", false, err
	}
	return fmt.Sprintf("kernel %s has pages of %d KiB, and %s needs pages of %d KiB", k.Release, size>>10, p.Name, p.PageSize>>10), true, nil
}
