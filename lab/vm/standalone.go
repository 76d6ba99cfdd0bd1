package vm

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Standalone is QEMU's command line for the machine without a lab beside it:
// kernel, initramfs and disks are named by their file names alone, as they lie
// in one directory, and there is no monitor. The guest's serial ports, which
// are the console, the control port and the output port in this order, are
// for the caller to add. The disks' files stay as they are.
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
			disks = append(disks, disk{Disk: d, id: "disk" + strconv.Itoa(i)})
			continue
		}
		st, err := os.Stat(d.Path)
		if err != nil {
			return nil, err
		}
		backed = append(backed, pmem{size: st.Size()})
		disks = append(disks, pmemFile{name: name, size: st.Size(), id: "pmem" + strconv.Itoa(i)})
	}
	initrd := ""
	if c.Initrd != "" {
		initrd = filepath.Base(c.Initrd)
	}
	devices := append([]device{
		machine{accel: c.Accel, memoryMiB: c.MemoryMiB, cpus: c.CPUs, pmem: backed},
		boot{kernel: filepath.Base(c.Kernel), initrd: initrd, append: append(kernelArgs(c.Accel), c.Append...)},
	}, disks...)
	var args []string
	for _, d := range devices {
		args = append(args, d.args()...)
	}
	return args, nil
}

// pmemFile is persistent memory that a private view of a file backs.
type pmemFile struct {
	name string
	size int64
	id   string
}

func (p pmemFile) args() []string {
	return []string{
		"-object", fmt.Sprintf("memory-backend-file,id=%s,share=off,mem-path=%s,size=%d", p.id, escape(p.name), p.size),
		"-device", fmt.Sprintf("virtio-pmem-pci,id=%s-device,memdev=%s", p.id, p.id),
	}
}
