package kit

import (
	"bytes"
	"fmt"
	"os"
	"time"
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
		if t.state() == "D" {
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

// state is the letter by which /proc tells what the thread does; empty when
// it is gone.
func (t *Thread) state() string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/stat", t.tid))
	if err != nil {
		return ""
	}
	// The command's name, in parentheses, may hold anything.
	after := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(after) == 0 {
		return ""
	}
	return string(after[0])
}
