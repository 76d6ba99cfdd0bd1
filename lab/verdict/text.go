package verdict

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/console"
)

func firstOf(events []console.Event, kinds ...console.Kind) *console.Event {
	for i := range events {
		if slices.Contains(kinds, events[i].Kind) {
			return &events[i]
		}
	}
	return nil
}

// logPrefix is what the testing package puts before a line of t.Log.
var logPrefix = regexp.MustCompile(`^\s+\S+\.go:\d+: `)

// testLog is the last line that a test logged: why it failed or skipped.
func testLog(output string) string {
	last := ""
	for l := range strings.Lines(output) {
		l = strings.TrimRight(l, "\r\n")
		if m := logPrefix.FindString(l); m != "" {
			last = l[len(m):]
		}
	}
	return last
}

// DescribeExit describes how a process exited.
func DescribeExit(e *protocol.Exit) string {
	if e.Signal != "" {
		return "the test process was killed by " + e.Signal
	}
	return fmt.Sprintf("the test process ended with status %d", e.Code)
}

// whyProcessDied finds the reason in the process's output or in the kernel
// log: the OOM killer logs only there.
func (e *Evidence) whyProcessDied() string {
	if oom := firstOf(e.events(), console.OOM); oom != nil {
		return ": " + oom.Title
	}
	for l := range strings.Lines(e.Output) {
		l = strings.TrimRight(l, "\r\n")
		if strings.HasPrefix(l, "panic: ") || strings.HasPrefix(l, "fatal error: ") ||
			strings.HasPrefix(l, "SIG") || strings.HasPrefix(l, "unexpected fault") {
			return ": " + l
		}
	}
	return ""
}

// LastLine is the last line of s that is not blank.
func LastLine(s string) string {
	last := ""
	for l := range strings.Lines(s) {
		if l = strings.TrimRight(l, "\r\n"); strings.TrimSpace(l) != "" {
			last = l
		}
	}
	return last
}

// logTail is the end of a kernel log, enough to show the context.
func logTail(log string) string {
	const most = 16 << 10
	return log[max(0, len(log)-most):]
}
