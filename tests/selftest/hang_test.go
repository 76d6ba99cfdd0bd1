package selftest

import (
	"encoding/binary"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/fsctl"
)

var hangInterruptible = bad("TestHangInterruptible", "Blocks forever in read(2) of an empty pipe. Verdict: hang.")

func TestHangInterruptible(t *testing.T) { kit.Run(t, hangInterruptible, forever) }

var hangSpin = bad("TestHangSpin", "Spins forever, with interrupts enabled. Verdict: hang.")

func TestHangSpin(t *testing.T) {
	kit.Run(t, hangSpin, func(*kit.Cell) {
		for i := uint64(0); ; i++ {
			spun = i
		}
	})
}

var spun uint64

var hangUninterruptible = bad("TestHangUninterruptible",
	"Freezes the filesystem under test, then writes to it: an uninterruptible sleep. Verdict: hang.")

func TestHangUninterruptible(t *testing.T) {
	kit.Run(t, hangUninterruptible, func(c *kit.Cell) {
		f := c.File()
		dir, err := unix.Open(c.Dir(), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			c.Infra("open %s: %s", c.Dir(), kit.ErrnoName(err))
		}
		if err := fsctl.Freeze(dir); err != nil {
			c.Skip("FIFREEZE on %s: %s", c.FS.Type, kit.ErrnoName(err))
		}
		_, err = unix.Pwrite(f.FD, []byte("x"), 0)
		c.T.Errorf("a write to a frozen filesystem returned (%v)", err)
	})
}

var hangNoInterrupts = bad("TestHangNoInterrupts",
	"Puts the machine into ACPI state S3 behind the kernel's back: no instruction runs and no interrupt is served. Verdict: hang.")

// Since Linux 5.5 user space cannot mask interrupts, even with iopl(3), so
// the test stops the processor instead. PM1a_CNT, section 4.8.3.2.1 of the
// ACPI specification: sleep type in bits 10-12, sleep enable in bit 13. QEMU
// calls S3 type 1.
const (
	sleepTypeS3 = 1 << 10
	sleepEnable = 1 << 13
)

func TestHangNoInterrupts(t *testing.T) {
	kit.Run(t, hangNoInterrupts, func(c *kit.Cell) {
		fadt, err := os.ReadFile("/sys/firmware/acpi/tables/FACP")
		if err != nil || len(fadt) < 68 {
			c.Skip("no FADT to find the power management port in: %v", err)
		}
		control := binary.LittleEndian.Uint32(fadt[64:]) // PM1a_CNT_BLK
		runtime.LockOSThread()                           // port permissions are per thread
		if err := outWord(uint16(control), sleepTypeS3|sleepEnable); err != nil {
			c.Skip("no access to I/O port %#x: %v", control, err)
		}
		forever(c)
	})
}
