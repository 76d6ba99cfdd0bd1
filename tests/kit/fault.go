package kit

import (
	"bytes"
	"os"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
)

// Fault is a kind of fault injection. It proves that a test can fail: a detector
// that never fired proves nothing. With protocol.EnvFault set, each cell's
// observation is corrupted after the kernel has delivered it, and the test must
// detect that.
type Fault string

// The faults. Each is injected into an observation, never into the verdict.
const (
	// FaultSample corrupts the bytes that the reader received, or adds one if
	// there were none: foreign, or extra.
	FaultSample Fault = "sample"
	// FaultSource corrupts the source in the first of the three views:
	// consumer-write.
	FaultSource Fault = "source"
	// FaultObservation changes a number or an errno that the test reads, through
	// Saw, SawError and SawText.
	FaultObservation Fault = "observation"
)

// fault is the test's own fault or the default.
func (t Test) fault() Fault {
	if t.Fault == "" {
		return FaultSample
	}
	return t.Fault
}

// inject reports whether an observation of kind f is to be corrupted.
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

// checkFault is called at the end of a cell. A cell without an injection point
// lacks the detector that its declaration claims; a cell that passed with an
// injected fault is blind.
func (c *Cell) checkFault() {
	if os.Getenv(protocol.EnvFault) != "1" || c.T.Failed() || c.T.Skipped() {
		return
	}
	why := "no observation of this cell is subject to its fault (" + string(c.test.fault()) + ")"
	if c.injected {
		why = "passed although its " + string(c.test.fault()) + " was corrupted"
	}
	c.Attr(protocol.AttrBlind, why)
	c.T.Error(why)
}

// Sample wraps data that a test received other than by draining a Pipe. Detectors
// must check the returned bytes.
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

// Saw wraps a number that a test observed: a count, an offset, a size.
func (c *Cell) Saw(n int64) int64 {
	if c.inject(FaultObservation) {
		return n + 1
	}
	return n
}

// SawError wraps an error that a call returned: corrupted, success becomes EIO
// and failure success.
func (c *Cell) SawError(err error) error {
	switch {
	case !c.inject(FaultObservation):
		return err
	case err == nil:
		return unix.EIO
	}
	return nil
}

// SawText wraps text that a test observed, such as the kernel log.
func (c *Cell) SawText(s, fault string) string {
	if c.inject(FaultObservation) {
		return s + fault
	}
	return s
}
