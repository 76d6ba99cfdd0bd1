// Package deadline measures the time in which this process really ran. A host
// that suspends, or that stops the process for a while, must not make a guest
// look hung.
package deadline

import (
	"context"
	"time"
)

// Step is how often a Clock has to be read, and so the most that one reading
// may add to it: time beyond it passed while the process was not running.
const Step = 250 * time.Millisecond

// Clock counts only time in which the process ran.
type Clock struct {
	elapsed time.Duration
	last    time.Time
}

// NewClock starts a clock.
func NewClock(now time.Time) *Clock { return &Clock{last: now} }

// Read returns the time that has counted so far. For the clock to be exact it
// must be called at least every Step.
func (c *Clock) Read(now time.Time) time.Duration {
	if d := now.Sub(c.last); d > 0 {
		c.elapsed += min(d, 2*Step)
	}
	c.last = now
	return c.elapsed
}

// With returns a context that is cancelled with cause after d of the process's
// running time. The caller must call cancel.
func With(ctx context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		tick := time.NewTicker(Step)
		defer tick.Stop()
		c := NewClock(time.Now())
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				if c.Read(now) >= d {
					cancel(cause)
					return
				}
			}
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}
