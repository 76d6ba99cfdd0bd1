package vm

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// pmem is the content of persistent memory: a copy of an image in anonymous
// memory, which QEMU inherits and maps, and which is freed with QEMU. The image
// itself is only read: persistent memory has no overlay, and QEMU opens its
// file for writing even when it maps it privately.
type pmem struct {
	file *os.File
	size int64 // bytes
}

// newPmem copies an image, preserving holes.
func newPmem(image string) (pmem, error) {
	in, err := os.Open(image)
	if err != nil {
		return pmem{}, err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return pmem{}, err
	}
	fd, err := unix.MemfdCreate("splicelab-pmem", unix.MFD_CLOEXEC)
	if err != nil {
		return pmem{}, fmt.Errorf("memfd_create: %w", err)
	}
	p := pmem{os.NewFile(uintptr(fd), "pmem"), st.Size()}
	if err := fillSparse(p.file, in, p.size); err != nil {
		_ = p.file.Close()
		return pmem{}, err
	}
	return p, nil
}

// pmemDevice attaches pmem to the guest. It is virtio-pmem, for all of whose
// memory the kernel allocates page structures, which dax requires; for an
// NVDIMM it only does so if the image begins with a label made by ndctl.
type pmemDevice struct {
	pmem
	id     string
	fd     int // in QEMU
	virtio string
}

func (n pmemDevice) args() []string {
	return []string{
		"-object", fmt.Sprintf("memory-backend-file,id=%s,share=on,mem-path=/proc/self/fd/%d,size=%d", n.id, n.fd, n.size),
		"-device", fmt.Sprintf("virtio-pmem-%s,id=%s-device,memdev=%s", n.virtio, n.id, n.id),
	}
}
