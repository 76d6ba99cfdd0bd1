package vm

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/splicelab/splicelab/internal/arch"
)

// Standalone is QEMU's command line for running the VM without a lab: kernel,
// initramfs and disks are given by file name only, relative to one directory,
// and there is no monitor. The caller adds the guest's serial ports, see
// StandalonePorts. The disks' files are not modified.
func (c Config) Standalone() ([]string, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	var backed []pmem
	var disks []device
	for i, d := range c.Disks {
		name := filepath.Base(d.Path)
		if d.Driver != Pmem {
			d.Path = name
			disks = append(disks, disk{Disk: d, id: "disk" + strconv.Itoa(i), virtio: c.Arch.QEMU.Virtio})
			continue
		}
		st, err := os.Stat(d.Path)
		if err != nil {
			return nil, err
		}
		backed = append(backed, pmem{size: st.Size()})
		disks = append(disks, pmemFile{name: name, size: st.Size(), id: "pmem" + strconv.Itoa(i), virtio: c.Arch.QEMU.Virtio})
	}
	initrd := ""
	if c.Initrd != "" {
		initrd = filepath.Base(c.Initrd)
	}
	devices := append([]device{
		machine{of: c.Arch.QEMU, accel: c.Accel, memoryMiB: c.MemoryMiB, cpus: c.CPUs, pmem: backed},
		boot{kernel: filepath.Base(c.Kernel), initrd: initrd, append: c.kernelArgs()},
	}, disks...)
	var args []string
	for _, d := range devices {
		args = append(args, d.args()...)
	}
	return args, nil
}

// StandalonePorts attach the console, the control port and the output port of
// such a VM to files.
func StandalonePorts(a arch.Arch, console, control, output string) []string {
	var args []string
	for _, p := range []serialPort{
		{name: "console", chardev: "file,path=" + escape(console)},
		{name: "control", chardev: "file,path=" + escape(control), device: a.QEMU.Control.Device},
		{name: "output", chardev: "file,path=" + escape(output), device: a.QEMU.Output.Device},
	} {
		args = append(args, p.args()...)
	}
	return args
}

// pmemFile is persistent memory backed by a private mapping of a file.
type pmemFile struct {
	name string
	size int64

	id, virtio string
}

func (p pmemFile) args() []string {
	return []string{
		"-object", fmt.Sprintf("memory-backend-file,id=%s,share=off,mem-path=%s,size=%d", p.id, escape(p.name), p.size),
		"-device", fmt.Sprintf("virtio-pmem-%s,id=%s-device,memdev=%s", p.virtio, p.id, p.id),
	}
}
