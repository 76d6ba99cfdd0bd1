package sched

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/verdict"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// scripted is an executor without VMs whose verdicts are predefined.
type scripted struct {
	// script is the verdicts of the attempts at a test, in order; the last repeats
	// forever.
	script map[string][]outcome.Verdict
	store  *memory
	// cut is the number of attempts, over all tests, after which the run is
	// interrupted.
	cut int

	mu      sync.Mutex
	tried   int
	jobs    []job.Job
	unusual func(job.Job) (job.Result, error) // instead of the script; may be nil
}

// common in a script is a boot-fail that was observed while the template was
// built.
const common outcome.Verdict = "common"

// doubted in a script is a crash that another attempt has to confirm.
const doubted outcome.Verdict = "doubted"

var errCut = errors.New("cut off")

func (x *scripted) Prefetch(context.Context, []job.Job) {}

func (x *scripted) Run(_ context.Context, j job.Job, report func(job.Event)) (job.Result, error) {
	x.mu.Lock()
	x.jobs = append(x.jobs, j)
	x.mu.Unlock()
	if x.unusual != nil {
		return x.unusual(j)
	}
	for i, c := range j.Cells {
		x.mu.Lock()
		x.tried++
		cut := x.tried == x.cut
		x.mu.Unlock()
		if cut {
			return job.Result{}, errCut
		}
		script := x.script[c.Test.Name()]
		v := script[min(x.store.attempts(plan.Key(j.Kernel, j.Profile, c.Test)), len(script)-1)]
		if v == common {
			return job.Result{Unavailable: &verdict.Termination{Verdict: outcome.BootFail}, Shared: true}, nil
		}
		report(job.Event{Kind: job.Started, Cell: i})
		e := job.Event{Kind: job.Finished, Cell: i, Attempt: results.Attempt{Verdict: v, Kind: outcome.Invariant, Covariates: map[string]string{}}}
		if v == doubted {
			e.Attempt.Verdict, e.Doubted = outcome.Infra, outcome.Crash
		}
		report(e)
	}
	return job.Result{}, nil
}

// memory is a Recorder.
type memory struct {
	mu  sync.Mutex
	all map[results.CellKey][]results.Attempt
	err error
}

func (m *memory) Record(a results.Attempt) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return 0, m.err
	}
	a.N = len(m.all[a.CellKey]) + 1
	m.all[a.CellKey] = append(m.all[a.CellKey], a)
	return a.N, nil
}

func (m *memory) attempts(k results.CellKey) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.all[k])
}

func (m *memory) cells() []results.Cell {
	m.mu.Lock()
	defer m.mu.Unlock()
	var cells []results.Cell
	for _, attempts := range m.all {
		cells = append(cells, results.FromAttempts(attempts))
	}
	return cells
}

func onePlan(retries int, tests ...plan.Test) *plan.Plan {
	return &plan.Plan{Kernels: []plan.Kernel{{Release: "6.12"}}, Profiles: []images.Profile{{Name: "xfs"}}, Tests: tests, RetryFailures: retries}
}

func newScheduler(p *plan.Plan, i plan.Isolation, x job.Executor, m *memory, observe func(Event)) *Scheduler {
	if observe == nil {
		observe = func(Event) {}
	}
	return New(Config{Plan: p, Isolation: i, Concurrency: 1, Known: m.cells(), Observe: observe}, x, m)
}

// Wherever and however often a run is interrupted, it ends with the same attempts.
func TestInterruptedRunsAreCompleted(t *testing.T) {
	const pass, fail, crash, infra = outcome.Pass, outcome.Fail, outcome.Crash, outcome.Infra
	script := map[string][]outcome.Verdict{
		"s.Pass":     {pass},
		"s.Fail":     {fail},
		"s.Flaky":    {fail, pass, pass, crash, pass},
		"s.Troubled": {infra, fail, infra, infra, pass},
		"s.Dead":     {common},
		"s.Control":  {fail},
	}
	want := map[string]string{
		"s.Pass":     "1 pass ",
		"s.Fail":     "4 fail ",
		"s.Flaky":    "4 crash 2/4",
		"s.Troubled": "7 fail 1/4",
		"s.Dead":     "1 boot-fail ",
		"s.Control":  "1 fail ",
	}
	var tests []plan.Test
	for _, name := range []string{"Pass", "Fail", "Flaky", "Troubled", "Dead"} {
		tests = append(tests, plan.Test{Suite: "s", Top: name})
	}
	tests = append(tests, plan.Test{Suite: "s", Top: "Control", Control: true})
	p := onePlan(3, tests...)
	for first := range 20 {
		m := &memory{all: map[results.CellKey][]results.Attempt{}}
		var settled map[string]string
		rounds, cut := 1, first
		for ; rounds < 50; rounds++ {
			settled = map[string]string{}
			s := newScheduler(p, plan.IsolationCell, &scripted{script: script, store: m, cut: cut}, m, func(e Event) {
				if e.Kind == Settled {
					c := results.FromAttempts(m.all[e.Cell])
					settled[c.Test] += fmt.Sprintf("%d %s %s", c.Attempts, c.Verdict, c.Flaky)
				}
			})
			err := s.Run(t.Context())
			cut = max(cut, 2) // a cut before the first attempt makes no progress
			if errors.Is(err, errCut) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			pr := &s.progress
			if all, finished := pr.tracker.kernels(); pr.done != pr.total || pr.retried != pr.retries || pr.tracker.Progress(time.Now()).Share != 1 || finished != all {
				t.Errorf("at the end %d of %d cells are done, %d of %d retries, %.2f of the work", pr.done, pr.total, pr.retried, pr.retries, pr.tracker.Progress(time.Now()).Share)
			}
			if got := s.Failures().Control; len(got) != 1 {
				t.Errorf("failed control cells: %q", got)
			}
			break
		}
		got := map[string]string{}
		cells := m.cells()
		for _, c := range cells {
			got[c.Test] = fmt.Sprintf("%d %s %s", c.Attempts, c.Verdict, c.Flaky)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("in %d rounds, first cut after %d attempts (-want +got):\n%s", rounds, first, diff)
		}
		if diff := cmp.Diff(want, settled); diff != "" {
			t.Errorf("in %d rounds, first cut after %d attempts: settled, each once, with their final results (-want +got):\n%s", rounds, first, diff)
		}
		if left := p.Remaining(plan.IsolationCell, cells); len(left) > 0 {
			t.Errorf("of %v something is left", left)
		}
		if left := p.Remaining(plan.IsolationCell, cells[1:]); len(left) != 1 {
			t.Errorf("without one of its cells the run has %v left", left)
		}
	}
}

// An infra attempt is retried in a booted VM, whose verdict counts.
func TestInfraIsRetriedInABootedVM(t *testing.T) {
	m := &memory{all: map[results.CellKey][]results.Attempt{}}
	x := &scripted{script: map[string][]outcome.Verdict{"s.A": {outcome.Infra, outcome.Crash}, "s.B": {outcome.Infra}}, store: m}
	s := newScheduler(onePlan(0, plan.Test{Suite: "s", Top: "A"}, plan.Test{Suite: "s", Top: "B"}), plan.IsolationCell, x, m, nil)
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, j := range x.jobs {
		again := i > 0 && x.jobs[i-1].Cells[0].Test.Top == j.Cells[0].Test.Top
		if j.Boot != again || j.Cells[0].Confirm {
			t.Errorf("job %d of %s: boot %t, confirm %t", i, j.Cells[0].Test.Top, j.Boot, j.Cells[0].Confirm)
		}
	}
	if len(x.jobs) != 2+1+InfraRetries {
		t.Errorf("%d jobs", len(x.jobs))
	}
	var infra *InfraError
	if err := s.Failures().Err(); !errors.As(err, &infra) || infra.Cells != 1 {
		t.Errorf("failures: %v", err)
	}
}

// What was doubted is confirmed by the next attempt at the same cell, whatever else
// went wrong in between. In a shared VM the other cells do not confirm anything.
func TestDoubtIsConfirmed(t *testing.T) {
	for _, isolation := range []plan.Isolation{plan.IsolationCell, plan.IsolationVM} {
		m := &memory{all: map[results.CellKey][]results.Attempt{}}
		x := &scripted{script: map[string][]outcome.Verdict{"s.A": {outcome.Infra, doubted, outcome.Infra, outcome.Crash}, "s.B": {outcome.Pass}}, store: m}
		s := newScheduler(onePlan(0, plan.Test{Suite: "s", Top: "A"}, plan.Test{Suite: "s", Top: "B"}), isolation, x, m, nil)
		if err := s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		var confirm []bool
		for _, j := range x.jobs {
			for _, c := range j.Cells {
				if c.Test.Top == "A" {
					confirm = append(confirm, c.Confirm)
				} else if c.Confirm {
					t.Errorf("%s: a cell confirms what was observed of another one", isolation)
				}
			}
		}
		if diff := cmp.Diff([]bool{false, false, true, true}, confirm); diff != "" {
			t.Errorf("%s: attempts that confirm (-want +got):\n%s", isolation, diff)
		}
		for _, c := range m.cells() {
			if c.Test == "s.A" && (c.Verdict != outcome.Crash || c.Attempts != 4 || c.Infra != 3) {
				t.Errorf("%s: %s after %d attempts, %d of them infra", isolation, c.Verdict, c.Attempts, c.Infra)
			}
		}
	}
}

// A VM that ended without a word before its cells began is one attempt at each of
// them, and the next one confirms it.
func TestDoubtedBootIsConfirmed(t *testing.T) {
	m := &memory{all: map[results.CellKey][]results.Attempt{}}
	var confirm []bool
	x := &scripted{unusual: func(j job.Job) (job.Result, error) {
		end := &verdict.Termination{Verdict: outcome.Infra, Doubted: outcome.BootFail}
		for _, c := range j.Cells {
			confirm = append(confirm, c.Confirm)
			if c.Confirm {
				end = &verdict.Termination{Verdict: outcome.BootFail}
			}
		}
		return job.Result{Unavailable: end}, nil
	}}
	s := newScheduler(onePlan(0, plan.Test{Suite: "s", Top: "A"}, plan.Test{Suite: "s", Top: "B"}), plan.IsolationVM, x, m, nil)
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]bool{false, false, true, true}, confirm); diff != "" {
		t.Errorf("cells that confirm, of two jobs of two (-want +got):\n%s", diff)
	}
	for _, c := range m.cells() {
		if c.Verdict != outcome.BootFail || c.Attempts != 2 || c.Infra != 1 {
			t.Errorf("%s: %s after %d attempts, %d of them infra", c.Test, c.Verdict, c.Attempts, c.Infra)
		}
	}
}

// An attempt that cannot be stored ends the run.
func TestStoreThatFailsEndsTheRun(t *testing.T) {
	full := errors.New("disk full")
	m := &memory{err: full}
	s := newScheduler(onePlan(0, plan.Test{Suite: "s", Top: "A"}), plan.IsolationVM, &scripted{script: map[string][]outcome.Verdict{"s.A": {outcome.Pass}}, store: m}, m, nil)
	if err := s.Run(t.Context()); !errors.Is(err, full) {
		t.Errorf("the run ended with %v", err)
	}
}

// An executor that returns nothing is not called forever.
func TestExecutorWithoutResults(t *testing.T) {
	m := &memory{all: map[results.CellKey][]results.Attempt{}}
	x := &scripted{unusual: func(job.Job) (job.Result, error) { return job.Result{}, nil }}
	s := newScheduler(onePlan(0, plan.Test{Suite: "s", Top: "A"}), plan.IsolationVM, x, m, nil)
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := m.cells(); len(c) != 1 || c[0].Verdict != outcome.Infra || c[0].Attempts != 1+InfraRetries {
		t.Errorf("cells: %+v", c)
	}
}

// A kernel that could not be fetched has no cells, and is reported once.
func TestMissingKernelIsSkipped(t *testing.T) {
	m := &memory{all: map[results.CellKey][]results.Attempt{}}
	gone := errors.New("gone")
	x := &scripted{unusual: func(j job.Job) (job.Result, error) {
		return job.Result{}, &job.MissingKernelError{Release: j.Kernel.Release, Err: gone}
	}}
	notices := 0
	s := newScheduler(onePlan(0, plan.Test{Suite: "s", Top: "A"}, plan.Test{Suite: "s", Top: "B"}), plan.IsolationCell, x, m, func(e Event) {
		if e.Kind == Notice {
			notices++
		}
	})
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(m.cells()) != 0 || notices != 1 || !errors.Is(s.Failures().Missing["6.12"], gone) {
		t.Errorf("%d cells, %d notices, missing: %v", len(m.cells()), notices, s.Failures().Missing)
	}
}

// The death of a shared VM or template is not observed again for each cell.
func TestDeathOfAVMIsCommon(t *testing.T) {
	k, p := plan.Kernel{Release: "6.12"}, images.Profile{Name: "xfs"}
	one := plan.Unit{Kernel: &k, Profile: &p, Tests: []plan.Test{{Top: "A"}}}
	many := one
	many.Tests = []plan.Test{{Top: "A"}, {Top: "B"}}
	dead := job.Result{Unavailable: &verdict.Termination{Verdict: outcome.BootFail}}
	ofTemplate := dead
	ofTemplate.Shared = true
	s := newScheduler(onePlan(0), plan.IsolationCell, nil, &memory{}, nil)
	if !s.common(one, ofTemplate) {
		t.Error("the death of a template is not common")
	}
	if !s.common(many, dead) {
		t.Error("the death of a VM that many cells were to share is not common")
	}
	if s.common(one, dead) {
		t.Error("the first VM that does not boot is common")
	}
	if !s.common(one, dead) {
		t.Error("the second VM that does not boot is not common")
	}
	s.cameUp(one.Spec())
	if s.common(one, dead) {
		t.Error("the boot failure of a kernel that booted before is common")
	}
	skip := ofTemplate
	skip.Unavailable = &verdict.Termination{Verdict: outcome.Skip}
	if s.common(many, skip) {
		t.Error("a skip is common")
	}
}
