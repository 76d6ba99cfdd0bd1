package source

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// DelayModules are the kernel modules that Delay may ask for.
var DelayModules = []string{"null_blk", "configfs", "zram", "lzo-rle", "lzo", "dm-mod", "dm-delay"}

// heldMillis is how long a write to a Delayed may be held. Release ends that;
// the bound is for a cell that ends without.
const heldMillis = 20_000

// Delayed is a block device of the device mapper whose writes wait until they
// are released.
type Delayed struct {
	Path string

	c        *kit.Cell
	control  *os.File
	name     string
	device   string // what is below
	sectors  uint64
	released bool
}

// Delay makes a block device in memory on which writes wait and reads do not.
// With stable, the device below is one that asks for stable pages: zram, which
// compresses what it is given and cannot have it change meanwhile.
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
	d.load(heldMillis)
	d.must("DM_DEV_SUSPEND (resume)", unix.DM_DEV_SUSPEND, 0, "")
	d.Path = fmt.Sprintf("/dev/dm-%d", unix.Minor(created.Dev))
	return d
}

// Open opens the device and adopts it. Writes are released before it is
// closed, which would wait for them.
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

// Held reports whether the first page of a file on the device is under
// writeback, by /proc/kpageflags: the device's count of requests in flight
// stays 0 where it keeps no statistics.
func (d *Delayed) Held(f *kit.File) bool {
	d.c.T.Helper()
	frame, ok := f.Frame(0)
	if !ok {
		d.c.Infra("the kernel does not tell the page frame of %s", f.Path)
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

// Release lets the writes go that are held, and all later ones: a table
// without a delay takes the place of the present one, which is emptied for
// that. It returns when they have reached the device below.
func (d *Delayed) Release() {
	d.c.T.Helper()
	if d.released {
		return
	}
	d.released = true
	d.load(0)
	d.must("DM_DEV_SUSPEND (resume)", unix.DM_DEV_SUSPEND, unix.DM_SKIP_LOCKFS_FLAG, "")
}

// load gives the device a table, which is in force once it is resumed. The
// first device and delay are those of reads, the second of writes.
func (d *Delayed) load(millis int) {
	d.c.T.Helper()
	d.must("DM_TABLE_LOAD", unix.DM_TABLE_LOAD, 0, fmt.Sprintf("%s 0 0 %s 0 %d", d.device, d.device, millis))
}

// request is what the device mapper's calls take: the header, and behind it
// the one target of a table with its parameters.
type request struct {
	unix.DmIoctl
	target unix.DmTargetSpec
	params [256]byte
}

// call makes one call of the device mapper about this device. With parameters
// it hands over a table of one delay target.
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

// zram makes a compressed RAM disk and returns its path. It is gone when the
// cell ends.
func zram(c *kit.Cell) string {
	c.T.Helper()
	c.Module("zram")
	const class = "/sys/class/zram-control/"
	id, err := os.ReadFile(class + "hot_add") // reading it makes a device
	if err != nil {
		c.Infra("%v", err)
	}
	n := strings.TrimSpace(string(id))
	c.T.Cleanup(func() {
		if err := os.WriteFile(class+"hot_remove", []byte(n), 0); err != nil {
			c.T.Errorf("%v", err)
		}
	})
	err = os.WriteFile("/sys/block/zram"+n+"/disksize", []byte(strconv.Itoa(blockMiB<<20)), 0)
	switch {
	case errors.Is(err, unix.EINVAL):
		c.Skip("zram: EINVAL for want of its default compressor, lzo-rle, as a module that the kernel finds")
	case err != nil:
		c.Infra("%v", err)
	}
	return "/dev/zram" + n
}
