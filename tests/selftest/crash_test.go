package selftest

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/tests/kit"
)

var panicKernel = bad("TestPanicKernel", "Panics the kernel through sysrq-trigger. Verdict: crash.")

func TestPanicKernel(t *testing.T) {
	kit.Run(t, panicKernel, func(c *kit.Cell) {
		if err := os.WriteFile("/proc/sysrq-trigger", []byte("c"), 0); err != nil {
			c.Skip("no way to panic this kernel: %v", err)
		}
		forever(c)
	})
}

var reset = bad("TestReset", "Resets the machine through its chipset, so that the kernel logs nothing. Verdict: crash.")

func TestReset(t *testing.T) {
	kit.Run(t, reset, func(c *kit.Cell) {
		// The reset control register of Intel's chipsets: a full reset.
		const control, full = 0xcf9, 0x6
		runtime.LockOSThread() // port permissions are per thread
		if err := outWord(control, full); err != nil {
			c.Skip("no access to I/O port %#x: %v", control, err)
		}
		forever(c)
	})
}

// On distribution kernels not even root can oops a kernel thread or raise a
// warning on demand (LKDTM and fault injection are off), so these texts simulate
// it: through /dev/kmsg they reach the console exactly as printed by the
// architecture's own code and kernel/panic.c.

var oopsKernelThread = bad("TestOopsKernelThread",
	"Prints, through /dev/kmsg, the text of an oops in a kernel thread, and passes. Verdict: crash.")

func TestOopsKernelThread(t *testing.T) {
	kit.Run(t, oopsKernelThread, func(c *kit.Cell) { kernelSays(c, oopsText) })
}

var warn = bad("TestWarn", "Prints, through /dev/kmsg, the text of a WARN, and passes. Verdict: fail.")

func TestWarn(t *testing.T) {
	kit.Run(t, warn, func(c *kit.Cell) { kernelSays(c, warnText) })
}

// kernelSays prints text on the console like the kernel would, one record per
// line.
func kernelSays(c *kit.Cell, text string) {
	if text == "" {
		c.Skip("what the kernel prints is not known here for %s", runtime.GOARCH)
	}
	unlimited(c)
	f, err := os.OpenFile("/dev/kmsg", os.O_WRONLY, 0)
	if err != nil {
		c.Infra("%v", err)
	}
	defer func() { _ = f.Close() }()
	for line := range strings.Lines(strings.ReplaceAll(text, "%s", kernelRelease())) {
		// Level 0 is shown at every console log level.
		if _, err := f.WriteString("<0>" + strings.TrimSuffix(line, "\n")); err != nil {
			c.Infra("%v", err)
		}
	}
}

// unlimited disables the rate limit of /dev/kmsg (ten lines in five seconds),
// unless the kernel command line has set it, which locks it.
func unlimited(c *kit.Cell) {
	const path = "/proc/sys/kernel/printk_devkmsg"
	now, err := os.ReadFile(path)
	if err == nil && strings.TrimSpace(string(now)) == "on" {
		return
	}
	if err := os.WriteFile(path, []byte("on\n"), 0); err != nil {
		c.Infra("disable the rate limit of /dev/kmsg: %v", err)
	}
}

func kernelRelease() string {
	b, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(b))
}
