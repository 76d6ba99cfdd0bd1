package selftest

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

var pass = bad("TestPass", "Passes and records no outcome. Verdict: pass.")

func TestPass(t *testing.T) { kit.Run(t, pass, func(*kit.Cell) {}) }

var fail = bad("TestFail", "Fails by t.Error. Verdict: fail.")

func TestFail(t *testing.T) {
	kit.Run(t, fail, func(c *kit.Cell) { c.T.Error("fails on purpose") })
}

var skip = bad("TestSkip", "Skips, naming a reason. Verdict: skip.")

func TestSkip(t *testing.T) {
	kit.Run(t, skip, func(c *kit.Cell) { c.Skip("skips on purpose") })
}

var setupFails = bad("TestSetupFails", "Reports that its own set-up failed. Verdict: infra.")

func TestSetupFails(t *testing.T) {
	kit.Run(t, setupFails, func(c *kit.Cell) { c.Infra("on purpose") })
}

var exitNoResult = bad("TestExitNoResult", "Exits by exit_group(0) without a result. Verdict: infra.")

func TestExitNoResult(t *testing.T) {
	kit.Run(t, exitNoResult, func(*kit.Cell) {
		// Package testing turns os.Exit(0) inside a test into a panic.
		_, _, _ = unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	})
}

var exitNonZero = bad("TestExitNonZero", "Exits with status 3 without a result. Verdict: fail.")

func TestExitNonZero(t *testing.T) {
	kit.Run(t, exitNonZero, func(*kit.Cell) { os.Exit(3) })
}

var goPanic = bad("TestGoPanic", "Panics in a goroutine of its own, which cannot be recovered. Verdict: fail.")

func TestGoPanic(t *testing.T) {
	kit.Run(t, goPanic, func(c *kit.Cell) {
		go panic("on purpose")
		forever(c)
	})
}

var segfault = bad("TestSegfault", "Is killed by SIGSEGV, which the Go runtime does not see. Verdict: fail.")

func TestSegfault(t *testing.T) {
	kit.Run(t, segfault, func(c *kit.Cell) {
		// A zeroed struct sigaction is SIG_DFL without flags; 8 is the
		// size of the kernel's sigset_t.
		var act [4]uint64
		if _, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGSEGV), uintptr(unsafe.Pointer(&act)), 0, 8, 0, 0); e != 0 {
			c.Infra("rt_sigaction: %s", kit.ErrnoName(e))
		}
		m, err := unix.Mmap(-1, 0, kit.PageSize, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
		if err != nil {
			c.Infra("mmap: %s", kit.ErrnoName(err))
		}
		m[0] = 1
	})
}

var killAgent = bad("TestKillAgent", "Kills PID 1, the lab's agent; the kernel panics. Verdict: infra.")

func TestKillAgent(t *testing.T) {
	kit.Run(t, killAgent, func(c *kit.Cell) {
		// Signals do not work: the kernel drops those that PID 1 does not handle,
		// and the agent ignores the rest. With its code overwritten it can neither
		// run nor handle the fault.
		maps, err := os.ReadFile("/proc/1/maps")
		if err != nil {
			c.Infra("%v", err)
		}
		mem, err := os.OpenFile("/proc/1/mem", os.O_WRONLY, 0)
		if err != nil {
			c.Infra("%v", err)
		}
		defer func() { _ = mem.Close() }()
		traps := bytes.Repeat([]byte{trap}, 1<<20)
		for line := range strings.Lines(string(maps)) {
			var from, to int64
			var mode string
			if n, _ := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); n != 3 || mode != "r-xp" || strings.Contains(line, "[v") {
				continue
			}
			for ; from < to; from += int64(len(traps)) {
				if _, err := mem.WriteAt(traps[:min(int64(len(traps)), to-from)], from); err != nil {
					c.Infra("overwrite the agent's code: %s", kit.ErrnoName(err))
				}
			}
		}
		forever(c)
	})
}

func readPipe(p *kit.Pipe, b []byte) (int, error) { return unix.Read(p.R, b) }
