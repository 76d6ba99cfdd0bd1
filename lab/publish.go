package lab

import (
	"sync"
	"time"

	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// publisher reports a run's progress every second to whoever watches the store,
// such as the live page.
type publisher struct {
	store *store.Store
	run   string

	mu     sync.Mutex
	phases progress.Phases
}

// Event implements Observer.
func (p *publisher) Event(e sched.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.phases.Event(e, now)
	if e.Kind == sched.Planned || e.Kind == sched.Tick {
		// The run does not depend on it.
		_ = p.store.SetLive(p.run, results.Live{At: now, Left: e.Estimate.Left, Rate: e.Estimate.Rate, Doing: p.phases.Text(now)})
	}
}

// end removes the report.
func (p *publisher) end() { _ = p.store.EndLive(p.run) }
