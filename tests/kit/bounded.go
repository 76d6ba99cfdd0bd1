package kit

import (
	"time"

	"github.com/splicelab/splicelab/outcome"
)

// Bounded runs a call that must not sleep on a thread of its own. One that
// sleeps all the same ends the cell: the pipes' read ends are closed, which
// wakes whoever waits for room in them, and what is recorded is that the call
// was blocked, which no policy allows here.
func (c *Cell) Bounded(call string, f func() error) error {
	c.T.Helper()
	t := c.Start(f)
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case err := <-t.done:
		return err
	case <-late.C:
	}
	for _, p := range c.pipes {
		p.CloseRead()
		p.CloseWrite()
	}
	c.Conclude(Finding{Outcome: outcome.Blocked, Detail: call + " sleeps, though it was asked not to", Never: true})
	return nil
}
