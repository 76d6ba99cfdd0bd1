package lab

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/results"
)

// stopper ends a run after some cells.
type stopper struct {
	after  int
	cancel context.CancelFunc
	id     string
}

func (s *stopper) Event(e sched.Event) {
	if e.Kind == sched.Planned {
		s.id = e.Run
	}
	if e.Kind == sched.Finished && e.Done >= s.after {
		s.cancel()
	}
}

// A run that is stopped again and again comes to what one run comes to:
// every cell once, in one run.
func TestResume(t *testing.T) {
	t.Parallel()
	for _, isolation := range []plan.Isolation{plan.IsolationVM, plan.IsolationCell} {
		t.Run(string(isolation), func(t *testing.T) {
			b := newBench(t).restoreShared()
			b.controls = true
			b.cfg.Isolation, b.cfg.Jobs = isolation, 2
			ks := Ready{testKernel(t, "6.12")}
			p := b.plan(ks, "tmpfs", "^splice.TestWrite/small")
			p.Repeat = 2
			l, err := New(b.cfg, b.store)
			if err != nil {
				t.Fatal(err)
			}
			id, rounds := "", 0
			for done := 4; ; done += 4 {
				rounds++
				ctx, cancel := context.WithCancel(t.Context())
				stop := &stopper{after: done, cancel: cancel}
				var run results.Run
				var err error
				if id == "" {
					run, err = l.Run(ctx, p, ks, stop)
				} else {
					run, err = l.Resume(ctx, id, p, ks, stop)
				}
				cancel()
				if id == "" {
					id = run.ID
				}
				if run.ID != id || stop.id != id {
					t.Fatalf("round %d is run %s, told as %s, and not %s", rounds, run.ID, stop.id, id)
				}
				if err == nil {
					break
				}
				if !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
			}
			// On a busy machine the results of a shared VM come many at a time, and
			// a stop comes late.
			if rounds < 2 {
				t.Errorf("only %d rounds: nothing was resumed", rounds)
			}
			cells, err := l.store.Cells(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if len(cells) != p.Cells() {
				t.Errorf("%d cells of %d", len(cells), p.Cells())
			}
			for _, c := range cells {
				want := 2
				if strings.HasPrefix(c.Test, "splice.TestControl/") && isolation == plan.IsolationCell {
					want = 1
				}
				if c.Attempts-c.Infra != want {
					t.Errorf("%s: %d attempts with a verdict, want %d", c.CellKey, c.Attempts-c.Infra, want)
				}
			}
		})
	}
}
