// Package estimate predicts how long a run still takes. The terminal, JSON and
// the live page all show its numbers, so that they agree.
//
// A run's cells occupy slots: one for each VM that runs at once. Templates are
// made beside them, and the boot of a VM that cells share is part of its slot's
// work. What was measured earlier, or on other kernels, says how these compare;
// what is measured in the run itself says how long they take now.
//
// Read estimate.go (what is left of a run, and what is running), left.go (how
// long that takes), cost.go (what one piece of work costs).
package estimate

import (
	"time"

	"github.com/splicelab/splicelab/results"
)

// Kind is a kind of work.
type Kind int

const (
	// Cell is an attempt at a cell, from when it gets a slot, or its turn in a
	// shared VM, to its result.
	Cell Kind = iota
	// Boot is the boot of a VM that cells share, in a slot.
	Boot
	// Base is the boot of a kernel for its templates, beside the slots.
	Base
	// Template is the making of the template of a kernel and filesystem, beside
	// the slots.
	Template
	kinds
)

// Config describes a run.
type Config struct {
	// Slots is how many VMs run at once.
	Slots int
	// Processors is how many VMs run at full speed.
	Processors int
	// Shared says that the cells of a kernel and filesystem run one after the
	// other, in one slot.
	Shared bool
	// Known are the durations of cells in earlier runs like this one.
	Known map[results.CellKey]time.Duration
}

// Estimate is what is left of a run. It is not safe for concurrent use.
type Estimate struct {
	cfg  Config
	cost costs

	groups  map[results.Column]*load // not begun; of cells and boots
	order   []results.Column
	unseen  map[string]map[results.Column]int // cells not begun whose test has no known duration
	beside  [kinds]int                        // not begun, of what is made beside the slots
	running map[item][]time.Time              // when each began
	cells   int                               // not finished
	ended   int                               // finished

	done   float64 // seconds of the machine that finished work took
	first  time.Time
	slots  usage
	recent rate
}

// item is a piece of work. The test is empty unless it is a cell, and the
// filesystem is empty for a Base.
type item struct {
	kind Kind
	key  results.CellKey
}

// load is work that has not begun.
type load struct {
	cells   int     // all of them
	known   float64 // seconds that those took earlier of which something is known
	unknown int     // cells of which nothing is known
	boot    int
}

// New returns an estimate of a run without work that starts now.
func New(cfg Config, now time.Time) *Estimate {
	cfg.Slots, cfg.Processors = max(cfg.Slots, 1), max(cfg.Processors, 1)
	return &Estimate{
		cfg: cfg, cost: newCosts(cfg), first: now,
		groups: map[results.Column]*load{}, unseen: map[string]map[results.Column]int{}, running: map[item][]time.Time{},
	}
}

func (e *Estimate) group(k results.CellKey) *load {
	col := results.Column{Kernel: k.Kernel, FS: k.FS}
	g := e.groups[col]
	if g == nil {
		g = &load{}
		e.groups[col], e.order = g, append(e.order, col)
	}
	return g
}

// Add adds n pieces of work.
func (e *Estimate) Add(kind Kind, key results.CellKey, n int) {
	if kind == Cell {
		e.cells += n
	}
	e.plan(kind, key, n)
}

// plan adds n pieces to the work that has not begun, or takes them away.
func (e *Estimate) plan(kind Kind, key results.CellKey, n int) {
	switch kind {
	case Base, Template:
		e.beside[kind] = max(0, e.beside[kind]+n)
	case Boot:
		g := e.group(key)
		g.boot = max(0, g.boot+n)
	case Cell:
		g := e.group(key)
		g.cells = max(0, g.cells+n)
		if d, ok := e.cost.known(key); ok {
			g.known = max(0, g.known+float64(n)*d)
			return
		}
		col := results.Column{Kernel: key.Kernel, FS: key.FS}
		if e.unseen[key.Test] == nil {
			e.unseen[key.Test] = map[results.Column]int{}
		}
		g.unknown, e.unseen[key.Test][col] = max(0, g.unknown+n), e.unseen[key.Test][col]+n
	}
}

// Begin says that a piece of work begins.
func (e *Estimate) Begin(kind Kind, key results.CellKey, now time.Time) {
	e.plan(kind, key, -1)
	i := item{kind, key}
	e.running[i] = append(e.running[i], now)
	if kind == Cell || kind == Boot {
		e.slots.change(now, 1)
	}
}

// End says that a piece of work is done. If it did not begin, it turned out to
// be needless.
func (e *Estimate) End(kind Kind, key results.CellKey, now time.Time) {
	i := item{kind, key}
	began := e.running[i]
	if kind == Cell {
		e.cells--
		e.ended++
		e.recent.add(now)
	}
	if len(began) == 0 {
		e.plan(kind, key, -1)
		if kind == Base || kind == Template {
			e.cost.observe(kind, key, 0)
		}
		return
	}
	took := now.Sub(began[0]).Seconds()
	if e.running[i] = began[1:]; len(began) == 1 {
		delete(e.running, i)
	}
	e.done += took / e.lanes(kind)
	if kind == Cell || kind == Boot {
		e.slots.change(now, -1)
	}
	if e.cost.observe(kind, key, took) {
		e.nowKnown(key.Test)
	}
}

// nowKnown moves the cells of a test whose duration was measured for the first
// time to those of which something is known.
func (e *Estimate) nowKnown(test string) {
	for col, n := range e.unseen[test] {
		g := e.groups[col]
		g.unknown -= n
		g.known += float64(n) * e.cost.byTest[test]
	}
	delete(e.unseen, test)
}

// Drop removes work that has not begun and is not needed any more.
func (e *Estimate) Drop(kind Kind, key results.CellKey) { e.Add(kind, key, -1) }

// lanes is how many pieces of work of a kind the machine does at once.
func (e *Estimate) lanes(k Kind) float64 {
	if k == Base || k == Template {
		return float64(max(1, e.cfg.Slots-1))
	}
	return float64(e.cfg.Slots)
}
