package sched

import (
	"time"

	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/estimate"
)

// tracker feeds an estimate with the events of a run.
type tracker struct {
	*estimate.Estimate
	shared bool                       // cells share VMs
	specs  map[string]map[string]bool // by kernel and filesystem: whose template is not there yet
	bases  map[string]bool            // kernels whose own template is not there yet
	boots  map[results.Column]bool    // VMs that are booting for shared cells
	left   map[string]int             // attempts left, by kernel
}

func newTracker(c Config, now time.Time) *tracker {
	shared := c.Isolation == plan.IsolationVM
	return &tracker{
		Estimate: estimate.New(estimate.Config{Slots: c.Slots, Processors: c.Processors, Shared: shared, Known: c.Expected}, now), shared: shared,
		specs: map[string]map[string]bool{}, bases: map[string]bool{}, boots: map[results.Column]bool{}, left: map[string]int{},
	}
}

// prepare adds what units need besides their cells. templates says that VMs are
// restored.
func (t *tracker) prepare(units []plan.Unit, templates bool) {
	for _, u := range units {
		kernel, fs := u.Kernel.Release, u.Profile.Name
		if t.shared {
			t.Add(estimate.Boot, spec(kernel, fs), 1)
		}
		if !templates {
			continue
		}
		if t.specs[kernel] == nil {
			t.specs[kernel], t.bases[kernel] = map[string]bool{}, true
			t.Add(estimate.Base, spec(kernel, ""), 1)
		}
		if !t.specs[kernel][fs] {
			t.specs[kernel][fs] = true
			t.Add(estimate.Template, spec(kernel, fs), 1)
		}
	}
}

func spec(kernel, fs string) results.CellKey { return results.CellKey{Kernel: kernel, FS: fs} }

// add adds attempts at a cell.
func (t *tracker) add(key results.CellKey, attempts int) {
	t.left[key.Kernel] += attempts
	t.Add(estimate.Cell, key, attempts)
}

// kernels is the number of kernels with work, and of those that have none left.
func (t *tracker) kernels() (all, finished int) {
	for _, left := range t.left {
		if left == 0 {
			finished++
		}
	}
	return len(t.left), finished
}

// event follows one step of the run.
func (t *tracker) event(e Event, now time.Time) {
	of := results.Column{Kernel: e.Cell.Kernel, FS: e.Cell.FS}
	switch e.Kind {
	case Preparing:
		t.preparing(e, now)
	case Prepared:
		t.prepared(e.Work, e.Cell, now)
	case Boot:
		if !t.shared {
			t.Begin(estimate.Cell, e.Cell, now)
			return
		}
		t.Begin(estimate.Boot, spec(of.Kernel, of.FS), now)
		t.boots[of] = true
	case Started:
		if t.shared {
			t.booted(of, now)
			t.Begin(estimate.Cell, e.Cell, now)
		}
	case Finished, Retry:
		t.booted(of, now)
		t.prepared(WorkTemplate, e.Cell, now) // there is none, or it is not needed
		t.End(estimate.Cell, e.Cell, now)
		if e.Kind == Retry {
			t.Add(estimate.Cell, e.Cell, 1)
		}
	}
}

// booted ends the boot of a VM that cells share.
func (t *tracker) booted(of results.Column, now time.Time) {
	if t.boots[of] {
		delete(t.boots, of)
		t.End(estimate.Boot, spec(of.Kernel, of.FS), now)
	}
}

func (t *tracker) preparing(e Event, now time.Time) {
	switch {
	case e.Work == WorkBoot && t.bases[e.Cell.Kernel]:
		t.Begin(estimate.Base, e.Cell, now)
	case e.Work == WorkTemplate && t.specs[e.Cell.Kernel][e.Cell.FS]:
		t.Begin(estimate.Template, e.Cell, now)
	}
}

// prepared ends the making of a template, or says that it was there.
func (t *tracker) prepared(work string, of results.CellKey, now time.Time) {
	switch {
	case work == WorkBoot && t.bases[of.Kernel]:
		delete(t.bases, of.Kernel)
		t.End(estimate.Base, spec(of.Kernel, ""), now)
	case work == WorkTemplate && t.specs[of.Kernel][of.FS]:
		delete(t.specs[of.Kernel], of.FS)
		t.End(estimate.Template, spec(of.Kernel, of.FS), now)
		if len(t.specs[of.Kernel]) == 0 && t.bases[of.Kernel] {
			// All were in the cache, and nobody asked for the kernel's own.
			delete(t.bases, of.Kernel)
			t.Drop(estimate.Base, spec(of.Kernel, ""))
		}
	}
}
