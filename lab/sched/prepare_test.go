package sched

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Work is numbered within its kind, also what turned out to be done already, and
// names the upstream version of its kernel.
func TestWorkIsNumbered(t *testing.T) {
	version, err := kernelversion.Parse("5.10.262")
	if err != nil {
		t.Fatal(err)
	}
	p := &plan.Plan{
		Kernels:  []plan.Kernel{{Release: "5.10.0-46", Version: version}, {Release: "6.12"}},
		Profiles: []images.Profile{{Name: "xfs"}, {Name: "ext4"}}, Tests: []plan.Test{{Suite: "s", Top: "A"}},
	}
	var got []string
	s := New(Config{Plan: p, Isolation: plan.IsolationCell, Templates: true, Slots: 1, Observe: func(e Event) {
		if e.Kind == Preparing {
			got = append(got, fmt.Sprintf("%s %s %s %d/%d", e.Work, e.Version, e.Cell.FS, e.Nth, e.Of))
		}
	}}, nil, nil)
	s.expect(p.Units(plan.IsolationCell, nil))
	s.Prepare(WorkBoot, "5.10.0-46", "", false)
	s.Prepare(WorkTemplate, "5.10.0-46", "xfs", false)
	s.Prepare(WorkTemplate, "5.10.0-46", "xfs", true)
	s.Prepare(WorkTemplate, "5.10.0-46", "ext4", true) // it was there
	s.Prepare(WorkTemplate, "5.10.0-46", "ext4", true) // said again
	s.Prepare(WorkTemplate, "6.12", "xfs", false)
	want := "boot 5.10.262  1/2, template 5.10.262 xfs 1/4, template  xfs 3/4"
	if all := strings.Join(got, ", "); all != want {
		t.Errorf("got\n%s\nwant\n%s", all, want)
	}
}

// A VM that boots for its cells is announced, and over when it is up, or when it
// did not come up.
func TestBootsAreAnnounced(t *testing.T) {
	var got []string
	m := &memory{all: map[results.CellKey][]results.Attempt{}}
	x := &scripted{script: map[string][]outcome.Verdict{"s.A": {outcome.Pass}}, store: m}
	booted := booter{x}
	s := newScheduler(onePlan(0, plan.Test{Suite: "s", Top: "A"}), plan.IsolationVM, booted, m, func(e Event) {
		switch e.Kind {
		case Preparing, Prepared, Started, Finished:
			got = append(got, string(e.Kind)+" "+e.Work)
		}
	})
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(got, ", "); all != "preparing vm, prepared vm, started , finished " {
		t.Errorf("got %s", all)
	}
}

// booter is an executor whose VMs boot.
type booter struct{ *scripted }

func (b booter) Run(ctx context.Context, j job.Job, report func(job.Event)) (job.Result, error) {
	report(job.Event{Kind: job.Booting})
	report(job.Event{Kind: job.Up})
	return b.scripted.Run(ctx, j, report)
}
