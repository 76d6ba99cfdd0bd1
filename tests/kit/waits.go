package kit

import (
	"bytes"
	"time"

	"golang.org/x/sys/unix"
)

// settled is the number of consecutive samples, a millisecond apart, that must
// find a thread in uninterruptible sleep for it to be considered waiting.
const settled = 25

// Waits reports whether a thread's call has entered uninterruptible sleep, as when
// waiting for writeback; false if it returned: then Wait has its result. A call
// that does neither ends the cell.
func (c *Cell) Waits(t *Thread) bool {
	c.T.Helper()
	deadline := time.Now().Add(patience)
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for asleep := 0; asleep < settled; {
		select {
		case err := <-t.done:
			t.done <- err
			return false
		case <-poll.C:
		}
		if t.state() == 'D' {
			asleep++
		} else {
			asleep = 0
		}
		if time.Now().After(deadline) {
			c.Infra("the call neither returned nor blocked within %s", patience)
		}
	}
	return true
}

// state is the state letter in /proc; 0 once the thread is gone.
func (t *Thread) state() byte {
	n, err := unix.Pread(t.stat, t.line[:], 0)
	if err != nil {
		return 0
	}
	// The command's name, in parentheses, may contain anything; a space
	// follows.
	if i := bytes.LastIndexByte(t.line[:n], ')') + 2; i > 1 && i < n {
		return t.line[i]
	}
	return 0
}
