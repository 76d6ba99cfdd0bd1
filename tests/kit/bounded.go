package kit

import (
	"time"

	"github.com/splicelab/splicelab/outcome"
)

// Bounded runs a non-blocking call on a separate thread. If it blocks anyway, the
// cell ends: closing the pipes wakes the call, and blocked is recorded, which is
// wrong here under every policy.
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
	c.Conclude(Finding{Outcome: outcome.Blocked, Detail: call + " blocks, although it was asked not to", Never: true})
	return nil
}
