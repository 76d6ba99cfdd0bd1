package sched

import (
	"context"
	"time"

	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/results"
)

// The kinds of work that cells wait for, in Event.Work.
const (
	WorkKernel   = "kernel"   // the kernel is fetched and unpacked
	WorkImage    = "image"    // its initramfs is built
	WorkBoot     = "boot"     // it boots, for its templates
	WorkTemplate = "template" // the template of a kernel and filesystem is made
	WorkVM       = "vm"       // a VM boots for its cells, without a template
)

// works counts the work of one kind.
type works struct{ begun, all int }

// Prepare reports work that many cells need: see Preparing.
func (s *Scheduler) Prepare(work, kernel, fs string, over bool) {
	e := Event{Kind: Preparing, Work: work, Cell: results.CellKey{Kernel: kernel, FS: fs}}
	if over {
		e.Kind = Prepared
	}
	s.observe(e)
}

// expectWork counts the work that units need.
func (s *Scheduler) expectWork(units []plan.Unit) {
	kernels, specs := map[string]bool{}, map[string]bool{}
	for _, u := range units {
		kernels[u.Kernel.Release], specs[u.Spec()] = true, true
	}
	vms := 0
	if !s.cfg.Templates {
		vms = len(units)
	}
	s.progress.works = map[string]*works{
		WorkKernel: {all: len(kernels)}, WorkImage: {all: len(kernels)}, WorkBoot: {all: len(kernels)},
		WorkTemplate: {all: len(specs)}, WorkVM: {all: vms},
	}
}

// number sets which piece of how many of its kind a preparation is. The caller
// holds the lock.
func (s *Scheduler) number(e *Event) {
	w := s.progress.works[e.Work]
	if w == nil {
		return
	}
	key := e.Work + " " + e.Cell.Kernel + " " + e.Cell.FS
	if !s.progress.prepared[key] || e.Work == WorkVM && e.Kind == Preparing {
		s.progress.prepared[key] = true
		w.begun++ // also if it was done already
	}
	e.Nth, e.Of = w.begun, max(w.all, w.begun)
}

// tick lets observers know every second that time passes, until the run ends.
func (s *Scheduler) tick(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			s.observe(Event{Kind: Tick})
		}
	}
}
