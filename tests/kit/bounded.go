package kit

import (
	"time"

	"github.com/splicelab/splicelab/outcome"
)

// Bounded runs a non-blocking call on a thread of its own. A call that blocks
// nevertheless ends the cell: closing the pipes' ends wakes it, and blocked is
// recorded, which is wrong here under every policy.
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
