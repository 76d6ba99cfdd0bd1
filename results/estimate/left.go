package estimate

import (
	"iter"
	"slices"
	"time"

	"github.com/splicelab/splicelab/results"
)

// Progress is the state of a run at one time.
type Progress struct {
	// Share is how much of the work is done, 0 to 1.
	Share float64
	// Left is how long the run still takes; 0 if that is not known, or nothing
	// is left.
	Left time.Duration
	// Rate is how many cells finished each second, in the last minute or since
	// the start.
	Rate float64
}

// tenth is the share of the cells up to which each cell counts as much as the mean of those
// that finished: until then too little is measured to compare with earlier runs.
const tenth = 0.1

// Progress estimates what is left.
func (e *Estimate) Progress(now time.Time) Progress {
	p := Progress{Rate: e.recent.per(e.first, now)}
	beside, work := e.besides(now)
	cells, slots := e.inSlots(now, e.weighted)
	work += slots / float64(e.cfg.Slots)
	done := e.done + e.begun(now)
	if p.Share = 1; done+work > 0 {
		p.Share = done / (done + work)
	}
	if float64(e.ended) < tenth*float64(e.ended+e.cells) {
		cells, _ = e.inSlots(now, e.alike)
	}
	if e.cells == 0 && len(e.running) == 0 {
		p.Share = 1
		return p
	}
	if !e.cfg.Shared {
		cells /= e.slots.share(now, e.cfg.Slots)
	}
	if e.ended == 0 && len(e.cfg.Known) == 0 {
		return p // nothing was ever measured
	}
	left := max(e.wait(now)+cells, beside)
	p.Left = time.Duration(left * float64(time.Second))
	return p
}

// besides is how long it takes to make what is made beside the slots, and how
// much of the machine that is. Until the first cell runs, slots wait for it.
func (e *Estimate) besides(now time.Time) (left, work float64) {
	for _, k := range []Kind{Base, Template} {
		work += float64(e.beside[k]) * e.cost.others[k].value
	}
	longest := 0.0
	for i, since := range e.runningOf(Base, Template) {
		rest := e.rest(i, since, now)
		work += rest
		if i.kind == Template { // its cells come after it
			rest += e.weighted(e.group(i.key)) / float64(e.cfg.Slots)
		}
		longest = max(longest, rest)
	}
	work /= e.lanes(Template)
	return max(work, longest), work
}

// wait is how long it takes until the first cell can run.
func (e *Estimate) wait(now time.Time) float64 {
	if e.slots.used() || e.beside[Template] == 0 && !e.runs(Template) {
		return 0
	}
	shortest := e.cost.others[Base].value
	if e.beside[Base] == 0 && !e.runs(Base) {
		shortest = 0
	}
	if e.runs(Template) {
		shortest = -e.cost.others[Template].value / 2
	}
	for i, began := range e.running {
		if i.kind == Base {
			shortest = min(shortest, e.rest(i, began[0], now))
		}
	}
	return shortest + e.cost.others[Template].value
}

// runningOf are the pieces of work of some kinds that are running, and when they
// began.
func (e *Estimate) runningOf(kinds ...Kind) iter.Seq2[item, time.Time] {
	return func(yield func(item, time.Time) bool) {
		for i, began := range e.running {
			if !slices.Contains(kinds, i.kind) {
				continue
			}
			for _, since := range began {
				if !yield(i, since) {
					return
				}
			}
		}
	}
}

// runs reports whether work of a kind is running.
func (e *Estimate) runs(k Kind) bool {
	for range e.runningOf(k) {
		return true
	}
	return false
}

// rest is how long a running piece of work still takes. One that takes longer
// than expected is assumed to be nearly done.
func (e *Estimate) rest(i item, since, now time.Time) float64 {
	expected := e.cost.of(i.kind, i.key)
	return max(expected-now.Sub(since).Seconds(), expected/10)
}

// begun is how much of the machine the running work took so far.
func (e *Estimate) begun(now time.Time) (sum float64) {
	for i, began := range e.running {
		for _, since := range began {
			sum += now.Sub(since).Seconds() / e.lanes(i.kind)
		}
	}
	return sum
}

// weighted is what a load is expected to take, by what its cells took earlier.
func (e *Estimate) weighted(l *load) float64 {
	return l.known*e.cost.ratio.value + float64(l.unknown)*e.cost.unknown.value + float64(l.boot)*e.cost.others[Boot].value
}

// inSlots is how long the cells and boots take if all slots are used all the
// time, and the sum over all slots.
func (e *Estimate) inSlots(now time.Time, cost func(*load) float64) (left, sum float64) {
	busy := map[results.Column]float64{} // what runs
	longest := 0.0
	for i, since := range e.runningOf(Cell, Boot) {
		rest := e.rest(i, since, now)
		busy[results.Column{Kernel: i.key.Kernel, FS: i.key.FS}] += rest
		sum, longest = sum+rest, max(longest, rest)
	}
	if !e.cfg.Shared {
		for _, l := range e.groups {
			sum += cost(l)
		}
		return max(longest, sum/float64(e.cfg.Slots)), sum
	}
	// A group stays in its slot; the others follow in the order of the plan.
	slots := make([]float64, e.cfg.Slots)
	take := func(work float64) {
		i := slices.Index(slots, slices.Min(slots))
		slots[i] += work
		sum += work
	}
	for col, rest := range busy {
		sum -= rest
		take(rest + cost(e.groups[col]))
	}
	for _, col := range e.order {
		if _, runs := busy[col]; !runs {
			take(cost(e.groups[col]))
		}
	}
	return e.drain(slots), sum
}

// drain is how long slots with so much work take. There are more slots than
// processors, so that cells are faster when only some slots are left.
func (e *Estimate) drain(slots []float64) (left float64) {
	slices.Sort(slots)
	before, n := 0.0, float64(len(slots))
	for i, work := range slots {
		faster := min(n/float64(len(slots)-i), max(1, n/float64(e.cfg.Processors)))
		left += (work - before) / faster
		before = work
	}
	return left
}

// alike is what a load takes if all cells take the same.
func (e *Estimate) alike(l *load) float64 {
	return float64(l.cells)*e.cost.each.value + float64(l.boot)*e.cost.others[Boot].value
}
