package vm

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Standalone is QEMU's command line for running the VM without a lab: kernel,
// initramfs and disks are given by file name only, relative to one directory,
// and there is no monitor. The caller adds the guest's serial ports: console,
// control port and output port, in this order. The disks' files are not
// modified.
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

// pmemFile is persistent memory backed by a private mapping of a file.
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
