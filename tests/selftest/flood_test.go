package selftest

import (
	"bytes"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

var exhaustMemory = bad("TestExhaustMemory", "Touches memory until the OOM killer kills it. Verdict: fail.")

func TestExhaustMemory(t *testing.T) {
	kit.Run(t, exhaustMemory, func(c *kit.Cell) {
		// The OOM victim must be this process.
		if err := os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0); err != nil {
			c.Infra("%v", err)
		}
		for {
			const step = 16 << 20
			if _, err := unix.Mmap(-1, 0, step, unix.PROT_READ|unix.PROT_WRITE,
				unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE); err != nil {
				c.Infra("mmap: %s, before the memory was exhausted", kit.ErrnoName(err))
			}
		}
	})
}

// floodLen, in bytes: an emulated serial port transfers 130 kB/s, and a cell has
// 60 s.
const floodLen = 1_200_000

var floodStdout = bad("TestFloodStdout", "Writes 1.2 MB to its output, more than anybody keeps, and passes. Verdict: pass.")

func TestFloodStdout(t *testing.T) {
	kit.Run(t, floodStdout, func(c *kit.Cell) {
		flood(c, os.Stdout, floodLen)
	})
}

var floodConsole = bad("TestFloodConsole", "Writes 1.2 MB to /dev/kmsg as fast as possible, and passes. Verdict: pass.")

func TestFloodConsole(t *testing.T) {
	kit.Run(t, floodConsole, func(c *kit.Cell) {
		unlimited(c)
		f, err := os.OpenFile("/dev/kmsg", os.O_WRONLY, 0)
		if err != nil {
			c.Infra("%v", err)
		}
		defer func() { _ = f.Close() }()
		flood(c, f, floodLen)
	})
}

// flood writes n bytes in lines of 100.
func flood(c *kit.Cell, f *os.File, n int) {
	line := append(bytes.Repeat([]byte("flood "), 17)[:99], '\n')
	for done := 0; done < n; done += len(line) {
		if _, err := f.Write(line); err != nil {
			c.Infra("%v", err)
		}
	}
}

var terminalEscapes = bad("TestTerminalEscapes",
	"Prints terminal escapes, bidirectional controls, HTML and invalid UTF-8 on every channel, and passes. Verdict: pass.")

func TestTerminalEscapes(t *testing.T) {
	kit.Run(t, terminalEscapes, func(c *kit.Cell) {
		const hostile = "\x1b[2J\x1b[31mred\x1b]0;title\x07\x1b]8;;http://example.invalid\x07link\x1b]8;;\x07" +
			"\x9b31m \u202eesrever\u2066 <script>alert(1)</script> &amp; \xff\xfe\xc0\x80 \x00 \x08\x08 \r| \"quoted\" 'too'"
		unlimited(c)
		_, _ = os.Stdout.WriteString(hostile + "\n")
		c.T.Log(hostile)
		c.T.Attr("hostile", "\x1b[31m<b>\u202e\xff")
		if err := os.WriteFile("/dev/kmsg", []byte("<0>"+hostile), 0); err != nil {
			c.Infra("%v", err)
		}
	})
}
