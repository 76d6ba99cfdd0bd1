package lab

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/console"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// fatal reports the crash in the cell's part of the kernel log.
func (c *cell) fatal() (console.Event, bool) {
	if len(c.log.head) == 0 {
		return console.Event{}, false
	}
	return console.Fatal(console.Parse([]byte(c.log.String())))
}

// attemptOf is what is known of a cell before its verdict.
func attemptOf(c *cell) results.Attempt {
	a := results.Attempt{
		Kind:       c.test.Kind,
		Finished:   c.ended,
		Duration:   c.ended.Sub(c.started),
		Output:     c.output.String(),
		Console:    c.log.String(),
		Covariates: map[string]string{},
	}
	for k, v := range c.attrs {
		switch k {
		case protocol.AttrOutcome:
			a.Outcome = outcome.Outcome(v)
		case protocol.AttrKind:
			a.Kind = outcome.Kind(v)
		case protocol.AttrDetail:
			a.Detail = v
		case protocol.AttrInfra:
		default:
			a.Covariates[k] = v
		}
	}
	return a
}

// judge gives the verdict of a cell that came to its end: the test's own word,
// corrected by the kernel log and checked against the recorded outcome.
func judge(c *cell, p outcome.Policy) results.Attempt {
	a := attemptOf(c)
	a.Verdict = c.raw
	if reason := c.attrs[protocol.AttrInfra]; reason != "" {
		a.Verdict, a.Detail = outcome.Infra, "set-up failed: "+reason
		return a
	}
	if a.Detail == "" && c.raw != outcome.Pass {
		a.Detail = testLog(a.Output)
	}
	if a.Outcome != outcome.None && a.Kind == outcome.Characterisation {
		switch accepted := p.Accepts(a.Outcome); {
		case c.raw == outcome.Pass && !accepted:
			a.Verdict = outcome.Fail
		case c.raw == outcome.Fail && accepted:
			// It failed for something beside its outcome, which no policy
			// makes good again.
			a.Kind = outcome.Invariant
		}
	}
	events := console.Parse([]byte(c.log.String()))
	if e, ok := console.Fatal(events); ok {
		a.Verdict, a.Detail = outcome.Crash, e.Title
		a.Console = strings.Join(e.Excerpt, "\n")
		return a
	}
	if e, ok := firstOf(events, console.Warning, console.Sanitizer, console.Lockup, console.HungTask, console.FSError); ok {
		if a.Verdict == outcome.Pass {
			// The test saw nothing wrong, but the kernel did.
			a.Verdict, a.Kind = outcome.Fail, outcome.Invariant
		}
		a.Detail = strings.TrimPrefix(a.Detail+"; kernel log: "+e.Title, "; ")
	}
	return a
}

func firstOf(events []console.Event, kinds ...console.Kind) (console.Event, bool) {
	for _, e := range events {
		if slices.Contains(kinds, e.Kind) {
			return e, true
		}
	}
	return console.Event{}, false
}

// logPrefix is how the testing package begins a line of a test's own log.
var logPrefix = regexp.MustCompile(`^\s+\S+\.go:\d+: `)

// testLog is the last line that a test logged: why it failed or skipped.
func testLog(output string) string {
	last := ""
	for l := range lines(output) {
		if m := logPrefix.FindString(l); m != "" {
			last = l[len(m):]
		}
	}
	return last
}

// describeExit says how a process ended.
func describeExit(e *protocol.Exit) string {
	if e.Signal != "" {
		return "the test process was killed by " + e.Signal
	}
	return fmt.Sprintf("the test process ended with status %d", e.Code)
}

// whyExit finds the reason of a process's end in its output or in the kernel
// log: the out-of-memory killer leaves its word there alone.
func whyExit(c *cell) string {
	if e, ok := firstOf(console.Parse([]byte(c.log.String())), console.OOM); ok {
		return ": " + e.Title
	}
	for l := range lines(c.output.String()) {
		if strings.HasPrefix(l, "panic: ") || strings.HasPrefix(l, "fatal error: ") ||
			strings.HasPrefix(l, "SIG") || strings.HasPrefix(l, "unexpected fault") {
			return ": " + l
		}
	}
	return ""
}
