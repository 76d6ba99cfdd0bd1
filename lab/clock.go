package lab

import (
	"context"
	"time"
)

// stallStep is how often a watch looks, and so the most that one look may add
// to its clock: time beyond it passed while the lab was not running.
const stallStep = 250 * time.Millisecond

// watch is a clock that counts only time in which the lab itself ran. A host
// that sleeps, or stops the lab for a while, must not make a guest look hung.
type watch struct {
	elapsed time.Duration
	last    time.Time
}

func newWatch(now time.Time) *watch { return &watch{last: now} }

// look returns the time that has counted so far. It must be called at least
// every stallStep for the clock to be exact.
func (w *watch) look(now time.Time) time.Duration {
	if d := now.Sub(w.last); d > 0 {
		w.elapsed += min(d, 2*stallStep)
	}
	w.last = now
	return w.elapsed
}

// withDeadline returns a context that is cancelled with cause after d of the
// lab's own time. The caller must call cancel.
func withDeadline(ctx context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		tick := time.NewTicker(stallStep)
		defer tick.Stop()
		w := newWatch(time.Now())
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				if w.look(now) >= d {
					cancel(cause)
					return
				}
			}
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}
