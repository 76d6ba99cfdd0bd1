package vm

import (
	"path/filepath"

	"github.com/splicelab/splicelab/internal/confine"
)

// policy is what QEMU may do: a guest that escapes into it finds the files of
// this VM, the programs of the system, and nothing else. temp is the directory
// of its temporary files.
func (c Config) policy(qemu, temp string, w *ports) confine.Policy {
	if c.Unconfined {
		return confine.Policy{Unconfined: true, Limits: c.limits(w)}
	}
	p := confine.Policy{
		Execute:   append(installation(qemu), confine.System...),
		Read:      []string{c.Kernel},
		WriteDirs: []string{temp},
		Limits:    c.limits(w),
	}
	if c.Initrd != "" {
		p.Read = append(p.Read, c.Initrd)
	}
	for _, d := range c.Disks {
		switch {
		case d.Path == "" || d.Driver == Pmem: // read by the lab
		case d.private:
			p.Write = append(p.Write, d.Path)
		default:
			p.Read = append(p.Read, d.Path)
		}
	}
	if c.memory != "" {
		// Before 8.2, QEMU opens the file for writing even when it maps it
		// privately.
		p.Write = append(p.Write, c.memory)
	}
	if c.Accel == KVM {
		p.Devices = append(p.Devices, kvmDevice)
	}
	return p
}

// installation are the files of a QEMU outside the system's directories: with
// its firmware where make install puts it, or beside the binary where it was
// built.
func installation(qemu string) []string {
	paths := confine.Installation(qemu)
	return append(paths, filepath.Join(filepath.Dir(paths[1]), "pc-bios"))
}
