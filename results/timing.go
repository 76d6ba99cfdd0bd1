package results

import (
	"slices"
	"time"

	"github.com/splicelab/splicelab/outcome"
)

// Phase is one part of an attempt's Timing.
type Phase struct {
	Name string
	Doc  string // what happens in it
	of   func(*Timing) *time.Duration
}

// Phases are the parts of a Timing, in chronological order.
var Phases = [...]Phase{
	{"queue", "a prepared VM waited for its turn", func(t *Timing) *time.Duration { return &t.Queue }},
	{"spawn", "QEMU started", func(t *Timing) *time.Duration { return &t.Spawn }},
	{"restore", "the template's state was loaded", func(t *Timing) *time.Duration { return &t.Restore }},
	{"boot", "the kernel booted and the filesystem was mounted", func(t *Timing) *time.Duration { return &t.Boot }},
	{"agent", "the test's process was started or released", func(t *Timing) *time.Duration { return &t.Agent }},
	{"test", "the test ran", func(t *Timing) *time.Duration { return &t.Test }},
	{"collect", "output and kernel log were collected", func(t *Timing) *time.Duration { return &t.Collect }},
}

// In returns the duration of the phase.
func (p Phase) In(t Timing) time.Duration { return *p.of(&t) }

// Sum is the duration of all phases except the queue.
func (t Timing) Sum() time.Duration {
	return t.Spawn + t.Restore + t.Boot + t.Agent + t.Test + t.Collect
}

// Came is how the cell got its VM: "restored", "booted", or "shared" with the
// previous cell; empty if the timing was not stored.
func (t Timing) Came() string {
	switch {
	case t == Timing{}:
		return ""
	case t.Restore > 0:
		return "restored"
	case t.Boot > 0:
		return "booted"
	}
	return "shared"
}

// PhaseTimes are the durations of one phase over many attempts.
type PhaseTimes struct {
	Phase
	N                     int // attempts in which it is not 0
	Median, P90, Max, Sum time.Duration
}

// TimeUse is how the time of a run's attempts was spent.
type TimeUse struct {
	Attempts int // with a known timing
	Infra    int // number of infra attempts
	Unknown  int
	Came     map[string]int
	Phases   []PhaseTimes
	Sum      time.Duration // of all phases except the queue
}

// UseOfTime adds up the timing of all attempts at these cells.
func UseOfTime(cells []Cell) TimeUse {
	u := TimeUse{Came: map[string]int{}}
	each := make([][]time.Duration, len(Phases))
	add := func(a *Attempt) {
		came := a.Timing.Came()
		if came == "" {
			u.Unknown++
			return
		}
		u.Attempts++
		u.Came[came]++
		if a.Verdict == outcome.Infra {
			u.Infra++
		}
		u.Sum += a.Timing.Sum()
		for i, p := range Phases {
			if d := p.In(a.Timing); d > 0 {
				each[i] = append(each[i], d)
			}
		}
	}
	for i := range cells {
		add(&cells[i].Attempt)
		for j := range cells[i].Others {
			add(&cells[i].Others[j])
		}
	}
	for i, p := range Phases {
		times := each[i]
		slices.Sort(times)
		t := PhaseTimes{Phase: p, N: len(times)}
		if n := len(times); n > 0 {
			t.Median, t.P90, t.Max = times[n/2], times[min(n-1, n*9/10)], times[n-1]
		}
		for _, d := range times {
			t.Sum += d
		}
		u.Phases = append(u.Phases, t)
	}
	return u
}
