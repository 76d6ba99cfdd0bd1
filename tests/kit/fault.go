package kit

import (
	"bytes"
	"os"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
)

// Fault is what is damaged to prove that a test can fail. A detector that was
// never seen to fire proves nothing; so with protocol.EnvFault set, each cell's
// observation is damaged after the kernel had its say, and must be told.
type Fault string

// The faults. Each is injected where the test looks, never in the verdict.
const (
	// FaultSample puts poison into the bytes that the reader received, or a
	// byte where there was none: foreign, or extra.
	FaultSample Fault = "sample"
	// FaultSource damages what the first of the three views shows of the
	// source: consumer-write.
	FaultSource Fault = "source"
	// FaultObservation changes a number or an errno that the test reads, by
	// way of Saw, SawError and SawText.
	FaultObservation Fault = "observation"
)

// fault is the test's own fault or the default.
func (t Test) fault() Fault {
	if t.Fault == "" {
		return FaultSample
	}
	return t.Fault
}

// inject reports whether an observation of kind f is to be damaged.
func (c *Cell) inject(f Fault) bool {
	if os.Getenv(protocol.EnvFault) != "1" || c.test.fault() != f {
		return false
	}
	if !c.injected {
		c.Attr(protocol.AttrFault, string(f))
	}
	c.injected = true
	return true
}

// mustHaveFailed is called at the end of a cell: one that was shown no fault
// has no detector where its declaration says, and one that passed with a
// fault before its eyes is blind.
func (c *Cell) mustHaveFailed() {
	if os.Getenv(protocol.EnvFault) != "1" || c.T.Failed() || c.T.Skipped() {
		return
	}
	why := "no observation of this cell is open to its fault (" + string(c.test.fault()) + ")"
	if c.injected {
		why = "passed although its " + string(c.test.fault()) + " was damaged"
	}
	c.Attr(protocol.AttrBlind, why)
	c.T.Error(why)
}

// Sample is what a test received that is not drained by Pipe: every detector
// looks at the bytes that Sample returns.
func (c *Cell) Sample(got []byte) []byte {
	if !c.inject(FaultSample) {
		return got
	}
	if len(got) == 0 {
		return []byte{0xaa}
	}
	got = bytes.Clone(got)
	for i := range min(len(got), CellLen) {
		got[i] = 0xaa // in no pattern, and not zero
	}
	return got
}

// Saw is a number that a test observed: a count, an offset, a size.
func (c *Cell) Saw(n int64) int64 {
	if c.inject(FaultObservation) {
		return n + 1
	}
	return n
}

// SawError is an error that a call returned: damaged, success becomes EIO and
// failure success.
func (c *Cell) SawError(err error) error {
	switch {
	case !c.inject(FaultObservation):
		return err
	case err == nil:
		return unix.EIO
	}
	return nil
}

// SawText is text that a test observed, such as the kernel's log.
func (c *Cell) SawText(s, fault string) string {
	if c.inject(FaultObservation) {
		return s + fault
	}
	return s
}
