package vm

import (
	"fmt"
	"os"
	"strings"
)

// Identity tells one QEMU binary from another, also from one that took its
// place: a machine that one has saved is for that one to restore.
func Identity(qemu string) (string, error) {
	path, err := lookQEMU(qemu)
	if err != nil {
		return "", err
	}
	st, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %d %d", path, st.Size(), st.ModTime().UnixNano()), nil
}

// Identity is what of the machine a guest could tell, its kernel, initramfs
// and the content of its disks aside.
func (c Config) Identity() []string {
	c, err := c.withDefaults()
	if err != nil {
		return []string{err.Error()} // Start will say so
	}
	m := machine{accel: c.Accel, memoryMiB: c.MemoryMiB, cpus: c.CPUs}
	id := append(m.args(), strings.Join(append(kernelArgs(c.Accel), c.Append...), " "))
	for i, d := range c.Disks {
		id = append(id, fmt.Sprint(i, d.Driver))
	}
	return id
}
