package selftest

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/tests/kit"
)

// TestLeave is about leaks between cells: each of its cells records the VM's state
// at its start, then leaves a state behind that no other cell may see.
var leave = func() kit.Test {
	t := bad("TestLeave", "Records the state in which it found the machine, and leaves it in disorder. Verdict: pass.")
	t.Cells = kit.Named("nothing", "memory", "device", "files", "dirty", "settings", "past", "future", "again")
	return t
}()

// pageWriteback is a setting that every kernel has and no cell depends on.
const pageWriteback = "/proc/sys/vm/dirty_writeback_centisecs"

func TestLeave(t *testing.T) {
	kit.Run(t, leave, func(c *kit.Cell) {
		recordState(c)
		switch c.Shape.Name {
		case "memory":
			fillMemory(c)
		case "device":
			spoilDevice(c)
		case "files":
			spoilFiles(c)
			unix.Sync()
		case "dirty":
			spoilFiles(c) // without sync, so writeback is pending
		case "settings":
			for path, value := range map[string]string{pageWriteback: "7777", "/proc/sys/kernel/hostname": "haunted", "/proc/sys/vm/drop_caches": "3"} {
				if err := os.WriteFile(path, []byte(value), 0); err != nil {
					c.Infra("%v", err)
				}
			}
		case "past":
			setClock(c, time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC))
		case "future":
			setClock(c, time.Now().AddDate(10, 0, 0))
		}
	})
}

// recordState records the state that the lab compares between cells.
func recordState(c *kit.Cell) {
	c.Attr("found_time", strconv.FormatInt(time.Now().UnixNano(), 10))
	random := make([]byte, 16)
	if _, err := unix.Getrandom(random, 0); err != nil {
		c.Infra("getrandom: %v", err)
	}
	c.Attr("found_random", hex.EncodeToString(random))
	c.Attr("found_urandom", hex.EncodeToString(urandom(c, len(random))))
	for key, path := range map[string]string{
		"found_uuid": "/proc/sys/kernel/random/uuid", "found_setting": pageWriteback, "found_hostname": "/proc/sys/kernel/hostname",
	} {
		b, err := os.ReadFile(path)
		if err != nil {
			c.Infra("%v", err)
		}
		c.Attr(key, strings.TrimSpace(string(b)))
	}
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		c.Infra("sysinfo: %v", err)
	}
	c.Attr("found_free", strconv.FormatUint(info.Freeram*uint64(info.Unit), 10))
	var space unix.Statfs_t
	if err := unix.Statfs(mountDir(c), &space); err != nil {
		c.Infra("statfs: %v", err)
	}
	c.Attr("found_space", strconv.FormatUint(space.Bfree, 10))
	c.Attr("found_modules", modules(c))
	c.Attr("found_files", listing(c))
	if dev := os.Getenv(protocol.EnvDevice); dev != "" {
		c.Attr("found_device", deviceSum(c, dev))
	}
}

// urandom reads from /dev/urandom rather than by getrandom(2).
func urandom(c *kit.Cell, n int) []byte {
	f, err := os.Open("/dev/urandom")
	if err != nil {
		c.Infra("%v", err)
	}
	defer func() { _ = f.Close() }()
	b := make([]byte, n)
	if _, err := io.ReadFull(f, b); err != nil {
		c.Infra("/dev/urandom: %v", err)
	}
	return b
}

// modules lists the loaded modules with their use counts.
func modules(c *kit.Cell) string {
	b, err := os.ReadFile("/proc/modules")
	if err != nil && !os.IsNotExist(err) {
		c.Infra("%v", err)
	}
	var names []string
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 2 {
			names = append(names, f[0]+":"+f[2])
		}
	}
	return strings.Join(names, " ")
}

// mountDir is the root of the filesystem under test.
func mountDir(c *kit.Cell) string { return filepath.Dir(c.Dir()) }

// listing lists all files on the filesystem under test, with their content.
func listing(c *kit.Cell) string {
	sum := crc32.NewIEEE()
	n := 0
	err := filepath.WalkDir(mountDir(c), func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		n++
		fmt.Fprintf(sum, "%s %s\n", p, d.Type())
		if !d.Type().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(p)
		_, _ = sum.Write(b) // never fails
		return err
	})
	if err != nil {
		c.Infra("%v", err)
	}
	return fmt.Sprintf("%d names %08x", n, sum.Sum32())
}

// deviceSum checksums the block device with O_DIRECT; zeros are read but not
// included in the sum.
func deviceSum(c *kit.Cell, dev string) string {
	f, err := os.OpenFile(dev, os.O_RDONLY|unix.O_DIRECT, 0)
	if err != nil {
		c.Infra("%v", err)
	}
	defer func() { _ = f.Close() }()
	const chunk = 4 << 20
	buf, err := unix.Mmap(-1, 0, chunk, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANONYMOUS|unix.MAP_PRIVATE)
	if err != nil {
		c.Infra("mmap: %v", err)
	}
	defer func() { _ = unix.Munmap(buf) }()
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	zeros := make([]byte, 64<<10)
	for at := int64(0); ; {
		n, err := io.ReadFull(f, buf)
		for from := 0; from < n; from += len(zeros) {
			if b := buf[from:min(from+len(zeros), n)]; !bytes.Equal(b, zeros[:len(b)]) {
				fmt.Fprintf(sum, "%d:", at+int64(from))
				_, _ = sum.Write(b) // never fails
			}
		}
		at += int64(n)
		if err != nil {
			if err != io.EOF && err != io.ErrUnexpectedEOF {
				c.Infra("%s at %d: %v", dev, at, err)
			}
			return fmt.Sprintf("%d bytes %08x", at, sum.Sum32())
		}
	}
}

// fillMemory writes to as much memory as the kernel can spare.
func fillMemory(c *kit.Cell) {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		c.Infra("sysinfo: %v", err)
	}
	size := int(info.Freeram*uint64(info.Unit)) * 3 / 4
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANONYMOUS|unix.MAP_PRIVATE)
	if err != nil {
		c.Infra("mmap of %d bytes: %v", size, err)
	}
	for i := 0; i < len(b); i += kit.PageSize {
		b[i] = 0xa5
	}
}

// spoilDevice overwrites the device below the mounted filesystem.
func spoilDevice(c *kit.Cell) {
	dev := os.Getenv(protocol.EnvDevice)
	if dev == "" {
		return // a filesystem without a device
	}
	f, err := os.OpenFile(dev, os.O_WRONLY, 0)
	if err != nil {
		// Some kernels do not allow writing to a mounted device.
		c.Attr("spoiled", "no: "+err.Error())
		return
	}
	defer func() { _ = f.Close() }()
	junk := bytes.Repeat([]byte("haunted "), 128<<10)
	for _, at := range []int64{0, 16 << 20, 64 << 20} {
		if _, err := f.WriteAt(junk, at); err != nil {
			c.Infra("%s: %v", dev, err)
		}
	}
	if err := f.Sync(); err != nil {
		c.Infra("%s: %v", dev, err)
	}
	c.Attr("spoiled", "yes")
}

// spoilFiles fills the filesystem under test with files.
func spoilFiles(c *kit.Cell) {
	junk := bytes.Repeat([]byte("haunted "), 8<<10)
	for i := range 32 {
		if err := os.WriteFile(filepath.Join(mountDir(c), fmt.Sprint("haunted-", i)), junk, 0o644); err != nil {
			c.Infra("%v", err)
		}
	}
}

func setClock(c *kit.Cell, to time.Time) {
	tv := unix.NsecToTimeval(to.UnixNano())
	if err := unix.Settimeofday(&tv); err != nil {
		c.Infra("settimeofday: %v", err)
	}
}
