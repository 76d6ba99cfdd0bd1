package source

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// DelayModules are the kernel modules that Delay may request.
var DelayModules = []string{"null_blk", "configfs", "zram", "lzo-rle", "lzo", "dm-mod", "dm-delay"}

// delayMillis bounds the delay of a write to a Delayed. Release ends the delay;
// the bound is for a cell that ends without calling it.
const delayMillis = 20_000

// Delayed is a device-mapper block device whose writes are delayed until they
// are released.
type Delayed struct {
	Path string

	c        *kit.Cell
	control  *os.File
	name     string
	device   string // the device underneath
	sectors  uint64
	released bool
}

// Delay creates a block device in memory on which writes are delayed and reads
// are not. With stable, the underlying device requires stable pages: zram, whose
// input must not change during compression.
func Delay(c *kit.Cell, stable bool) *Delayed {
	c.T.Helper()
	onlyInGuest(c)
	d := &Delayed{c: c, name: fmt.Sprintf("splicelab-%d", os.Getpid())}
	if stable {
		d.device = zram(c)
	} else {
		d.device = nullBlock(c)
	}
	d.sectors = blockMiB << 20 >> 9
	c.Module("dm-mod", "dm-delay")
	control, err := os.OpenFile("/dev/mapper/control", os.O_RDWR, 0)
	if err != nil {
		c.Infra("%v", err)
	}
	d.control = control
	c.T.Cleanup(func() { _ = control.Close() })
	created := d.must("DM_DEV_CREATE", unix.DM_DEV_CREATE, 0, "")
	c.T.Cleanup(func() {
		if _, err := d.call(unix.DM_DEV_REMOVE, 0, ""); err != nil {
			c.T.Errorf("remove a device-mapper device: %s", kit.ErrnoName(err))
		}
	})
	d.load(delayMillis)
	d.must("DM_DEV_SUSPEND (resume)", unix.DM_DEV_SUSPEND, 0, "")
	d.Path = fmt.Sprintf("/dev/dm-%d", unix.Minor(created.Dev))
	return d
}

// Open opens the device and adopts it. Writes are released before it is closed:
// the close would wait for them.
func (d *Delayed) Open(size int) *kit.File {
	d.c.T.Helper()
	fd, err := unix.Open(d.Path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		d.c.Infra("open %s: %s", d.Path, kit.ErrnoName(err))
	}
	f := d.c.Adopt(fd, d.Path, size)
	d.c.T.Cleanup(d.Release)
	return f
}

// InFlight reports whether the first page of a file on the device is under
// writeback, by /proc/kpageflags: the device's in-flight counter stays 0 if its
// statistics are disabled.
func (d *Delayed) InFlight(f *kit.File) bool {
	d.c.T.Helper()
	frame, ok := f.Frame(0)
	if !ok {
		d.c.Infra("the page frame of %s is unknown", f.Path)
	}
	flags, err := os.Open("/proc/kpageflags")
	if err != nil {
		d.c.Infra("%v", err)
	}
	defer func() { _ = flags.Close() }()
	var b [8]byte
	if _, err := flags.ReadAt(b[:], int64(frame)*8); err != nil {
		d.c.Infra("%v", err)
	}
	const writeback = 1 << 8 // KPF_WRITEBACK of include/uapi/linux/kernel-page-flags.h
	return binary.NativeEndian.Uint64(b[:])&writeback != 0
}

// Release releases the delayed writes and stops delaying: it replaces the table
// with one without delay, which flushes the old one. It returns once the writes
// have reached the underlying device.
func (d *Delayed) Release() {
	d.c.T.Helper()
	if d.released {
		return
	}
	d.released = true
	d.load(0)
	d.must("DM_DEV_SUSPEND (resume)", unix.DM_DEV_SUSPEND, unix.DM_SKIP_LOCKFS_FLAG, "")
}

// load loads a table, which becomes active when the device is resumed. The first
// device and delay are for reads, the second for writes.
func (d *Delayed) load(millis int) {
	d.c.T.Helper()
	d.must("DM_TABLE_LOAD", unix.DM_TABLE_LOAD, 0, fmt.Sprintf("%s 0 0 %s 0 %d", d.device, d.device, millis))
}

// request is the argument of device-mapper ioctls: the header, followed by the
// only target of a table with its parameters.
type request struct {
	unix.DmIoctl
	target unix.DmTargetSpec
	params [256]byte
}

// call issues a device-mapper ioctl for this device. With parameters it passes a
// table with a single delay target.
func (d *Delayed) call(number uintptr, flags uint32, params string) (request, error) {
	var r request
	r.Version = [3]uint32{unix.DM_VERSION_MAJOR, 0, 0}
	r.Data_size = uint32(unsafe.Sizeof(r))
	r.Data_start = uint32(unsafe.Offsetof(r.target))
	r.Flags = flags
	copy(r.Name[:], d.name)
	if params != "" {
		r.Target_count = 1
		r.target.Length = d.sectors
		r.target.Next = uint32(unsafe.Sizeof(r.target) + unsafe.Sizeof(r.params))
		copy(r.target.Target_type[:], "delay")
		copy(r.params[:], params)
	}
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, d.control.Fd(), number, uintptr(unsafe.Pointer(&r))); e != 0 {
		return r, e
	}
	return r, nil
}

func (d *Delayed) must(what string, number uintptr, flags uint32, params string) request {
	d.c.T.Helper()
	r, err := d.call(number, flags, params)
	if err != nil {
		d.c.Infra("%s: %s", what, kit.ErrnoName(err))
	}
	return r
}

// zram creates a compressed RAM disk and returns its path. It is removed when
// the cell ends.
func zram(c *kit.Cell) string {
	c.T.Helper()
	path, err := c.Zram(blockMiB << 20)
	switch {
	case errors.Is(err, unix.EINVAL):
		c.Skip("zram: EINVAL: the module of its default compressor, lzo-rle, cannot be loaded")
	case err != nil:
		c.Infra("%v", err)
	}
	return path
}
