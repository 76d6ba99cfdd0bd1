package splice

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var kernelLog = kit.Test{
	Name: "TestKernelLog", ID: "J3", Family: familyMeta, Kind: outcome.Invariant, Priority: 1,
	Doc:    "The kernel has logged no warning, bug or oops since this process started. It runs last, and so covers the tests that ran before it in the same VM. Stalls and hung tasks, which a busy host causes too, count for the cell in which they are logged, if that happens again.",
	Steps:  []string{"Open the kernel log at its end when the process starts.", "After all other tests, read what was added."},
	Oracle: "no line of the log is the title of a WARNING, BUG or oops",
	Fault:  kit.FaultObservation,
	Guest:  true, // a developer's machine logs unrelated warnings
}

// logFD reads the kernel log from its end at process start, or is -1.
var logFD = func() int {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	if _, err := unix.Seek(fd, 0, unix.SEEK_END); err != nil {
		_ = unix.Close(fd)
		return -1
	}
	return fd
}()

var (
	trouble = regexp.MustCompile(`WARNING: |BUG: |kernel BUG at |Oops: |general protection fault|UBSAN: `)
	stall   = regexp.MustCompile(`BUG: (soft lockup|workqueue lockup)`)
)

func TestKernelLog(t *testing.T) {
	kit.Run(t, kernelLog, func(c *kit.Cell) {
		if logFD < 0 {
			c.Skip("/dev/kmsg cannot be read")
		}
		log := c.SawText(addedLog(c), "\nWARNING: a fault")
		for line := range strings.Lines(log) {
			if trouble.MatchString(line) && !stall.MatchString(line) {
				c.Conclude(kit.Finding{Outcome: outcome.Error, Never: true, Detail: "the kernel's log: " + strings.TrimSpace(line)})
			}
		}
		c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: "the kernel's log has no warning"})
	})
}

// addedLog reads what the kernel has logged since logFD was opened. Each read
// returns one record: its text follows the first semicolon, and its continuation
// lines begin with a space.
func addedLog(c *kit.Cell) string {
	var b strings.Builder
	buf := make([]byte, 16<<10)
	for {
		n, err := unix.Read(logFD, buf)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return b.String()
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EPIPE): // EPIPE: older records were overwritten
			continue
		case err != nil:
			c.Infra("read /dev/kmsg: %s", kit.ErrnoName(err))
		}
		_, text, _ := strings.Cut(string(buf[:n]), ";")
		b.WriteString(text)
	}
}
