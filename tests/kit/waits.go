package kit

import (
	"bytes"
	"time"

	"golang.org/x/sys/unix"
)

// settled is for how many looks in a row, a millisecond apart, a thread has
// to sleep uninterruptibly to be said to wait.
const settled = 25

// Waits reports whether the call of a thread has come to sleep in a way that
// no signal ends, as one does that waits for writeback; false when it
// returned, of which Wait then tells more. A call that does neither ends the
// cell.
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
			c.Infra("the call neither returned nor came to wait in %s", patience)
		}
	}
	return true
}

// state is the letter by which /proc tells what the thread does; 0 when it is
// gone.
func (t *Thread) state() byte {
	n, err := unix.Pread(t.stat, t.line[:], 0)
	if err != nil {
		return 0
	}
	// The command's name, in parentheses, may hold anything; a space follows.
	if i := bytes.LastIndexByte(t.line[:n], ')') + 2; i > 1 && i < n {
		return t.line[i]
	}
	return 0
}
