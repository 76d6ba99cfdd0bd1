package lab

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

func verdicts(all ...outcome.Verdict) *results.Cell {
	var attempts []results.Attempt
	for i, v := range all {
		a := results.Attempt{N: i + 1, Verdict: v, Covariates: map[string]string{}}
		if v == common {
			a.Verdict, a.Covariates[covariateCommon] = outcome.BootFail, commonWhy
		}
		attempts = append(attempts, a)
	}
	c := results.FromAttempts(attempts)
	return &c
}

// common stands for a boot-fail that was seen once for many cells.
const common outcome.Verdict = "common"

func TestRetriesThatAreDue(t *testing.T) {
	const pass, fail, crash, infra, skip = outcome.Pass, outcome.Fail, outcome.Crash, outcome.Infra, outcome.Skip
	for _, c := range []struct {
		cell    *results.Cell
		control bool
		planned int
		want    int
	}{
		{verdicts(pass), false, 1, 0},
		{verdicts(skip), false, 1, 0},
		{verdicts(fail), false, 1, 5},
		{verdicts(crash), false, 1, 5},
		{verdicts(fail), true, 1, 0},
		{verdicts(common), false, 1, 0},
		{verdicts(infra, fail), false, 1, 5},
		{verdicts(infra, infra), false, 1, 0}, // first it needs a verdict
		{verdicts(fail, pass), false, 1, 4},
		{verdicts(fail, pass, infra, pass), false, 1, 3},
		{verdicts(fail, pass, pass, pass, pass, pass), false, 1, 0},
		{verdicts(fail, pass, pass, pass, pass, pass, pass), false, 1, 0},
		{verdicts(pass, fail), false, 2, 5},
		{verdicts(pass, fail, fail), false, 2, 4},
	} {
		p := Plan{RetryFailures: 5}
		if got := p.due(PlannedTest{Control: c.control}, c.cell, c.planned); got != c.want {
			t.Errorf("%s of %d attempts, flaky %q, control %t: %d retries are due, want %d", c.cell.Verdict, c.cell.Attempts, c.cell.Flaky, c.control, got, c.want)
		}
		p.RetryFailures = 0
		if got := p.due(PlannedTest{}, c.cell, c.planned); got != 0 {
			t.Errorf("nobody asked for retries, and %d are due", got)
		}
	}
}

// One machine's death is not looked for again in each cell.
func TestDeathOfAMachineIsCommon(t *testing.T) {
	k, p := kernels.Kernel{Release: "6.12"}, images.Profile{Name: "xfs"}
	one := group{kernel: &k, profile: &p, tests: []PlannedTest{{Top: "A"}}}
	many := one
	many.tests = []PlannedTest{{Top: "A"}, {Top: "B"}}
	dead := &ended{verdict: outcome.BootFail}
	r := &runner{}
	if !r.common(one, dead, dead) {
		t.Error("of the death of a template")
	}
	if !r.common(many, nil, dead) {
		t.Error("of the death of a machine that many cells were to share")
	}
	if r.common(one, nil, dead) {
		t.Error("the first cell whose machine did not boot is not looked at more closely")
	}
	if !r.common(one, nil, dead) {
		t.Error("so is every other")
	}
	r.came(one)
	if r.common(one, nil, dead) {
		t.Error("a kernel that boots now and then fails in each cell by itself")
	}
	if r.common(many, dead, &ended{verdict: outcome.Skip}) {
		t.Error("a skip is nothing to be retried")
	}
}

// played is a run without VMs: what each attempt comes to is written down.
type played struct {
	t     *testing.T
	store *store.Store
	plan  Plan
	// script is what the attempts at a test come to, in their order; the last
	// goes on for ever.
	script map[string][]outcome.Verdict
}

var errCut = fmt.Errorf("cut off")

// perform plays a run until it has stored so many attempts; none is for ever.
func (y *played) perform(cut int) error {
	y.t.Helper()
	ctx := y.t.Context()
	l := &Lab{store: y.store, cfg: Config{Isolation: IsolationCell, Jobs: 1}}
	known, err := y.store.Cells(ctx, "r")
	if err != nil {
		y.t.Fatal(err)
	}
	r := &runner{lab: l, run: results.Run{ID: "r"}, plan: y.plan, observer: discard{}, total: y.plan.attempts(IsolationCell),
		attempts: map[results.CellKey]int{}, work: newWorkload(nil)}
	groups := y.plan.groups(IsolationCell, nil)
	for _, g := range groups {
		r.work.add(g.key(g.tests[0]), 1)
	}
	stored := 0
	carryOut := func(groups []group) error {
		for _, g := range groups {
			todo := &todo{runner: r, group: g, pending: g.tests, infra: map[string]int{}}
			for len(todo.pending) > 0 {
				if stored++; stored == cut {
					return errCut
				}
				key := g.key(g.tests[0])
				script := y.script[key.Test]
				a := endedAttempt(g.tests[0], &ended{verdict: script[min(r.attempts[key], len(script)-1)]}, time.Now())
				if a.Verdict == common {
					a.Verdict, a.Covariates[covariateCommon] = outcome.BootFail, commonWhy
				}
				if err := todo.record(ctx, g.tests[0], a); err != nil {
					y.t.Fatal(err)
				}
				todo.compact()
			}
		}
		return nil
	}
	if err := carryOut(r.left(groups, known)); err != nil {
		return err
	}
	if err := carryOut(r.retryGroups()); err != nil {
		return err
	}
	if r.done != r.total || r.retried != r.retries || r.work.share() != 1 || r.work.kernelsDone() != 1 {
		y.t.Errorf("at the end %d of %d cells are done, %d of %d retries, %.2f of the work, %d kernels", r.done, r.total, r.retried, r.retries, r.work.share(), r.work.kernelsDone())
	}
	return nil
}

// Wherever a run is cut off, and however often, it comes to the same attempts.
func TestRetriesAreCompletedWhereverTheyAreCutOff(t *testing.T) {
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
	var tests []PlannedTest
	for _, name := range []string{"Pass", "Fail", "Flaky", "Troubled", "Dead"} {
		tests = append(tests, PlannedTest{Suite: "s", Top: name})
	}
	tests = append(tests, PlannedTest{Suite: "s", Top: "Control", Control: true})
	plan := Plan{Kernels: []kernels.Kernel{{Release: "6.12"}}, Profiles: []images.Profile{{Name: "xfs"}}, Tests: tests, RetryFailures: 3}
	for cut := range 20 {
		store, err := store.Open(filepath.Join(t.TempDir(), "r.db"))
		if err != nil {
			t.Fatal(err)
		}
		if err := store.BeginRun(t.Context(), results.Run{ID: "r", Planned: plan.Cells()}); err != nil {
			t.Fatal(err)
		}
		y := &played{t: t, store: store, plan: plan, script: script}
		rounds := 1
		for y.perform(cut) != nil && rounds < 50 {
			// A cut before the first attempt makes no progress.
			cut = max(cut, 2)
			rounds++
		}
		cells, err := store.Cells(t.Context(), "r")
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, c := range cells {
			got[c.Test] = fmt.Sprintf("%d %s %s", c.Attempts, c.Verdict, c.Flaky)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("in %d rounds of %d attempts (-want +got):\n%s", rounds, cut, diff)
		}
		recipe := Recipe{Kernels: []RecipeKernel{{Release: "6.12"}}, Profiles: plan.Profiles, Tests: tests, RetryFailures: 3, Isolation: IsolationCell}
		if left := recipe.Left(cells); len(left) > 0 {
			t.Errorf("of %v something is left", left)
		}
		if left := recipe.Left(cells[1:]); len(left) != 1 {
			t.Errorf("without one of its cells the run has %v left", left)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWorkload(t *testing.T) {
	key := func(k, test string) results.CellKey { return results.CellKey{Kernel: k, FS: "xfs", Test: test} }
	w := newWorkload(map[results.CellKey]time.Duration{key("6.1", "A"): 9 * time.Second, key("6.2", "A"): time.Second, key("6.1", "B"): 2 * time.Second})
	for k, want := range map[results.CellKey]time.Duration{
		key("6.1", "A"): 9 * time.Second,
		key("6.3", "A"): 5 * time.Second, // as on others
		key("6.3", "C"): 4 * time.Second, // as the mean
	} {
		if got := w.weight(k); got != want {
			t.Errorf("%s weighs %s, want %s", k, got, want)
		}
	}
	w.add(key("6.1", "A"), 1)
	w.add(key("6.2", "A"), 1)
	w.take(key("6.1", "A"))
	if w.share() != 0.9 || w.kernelsDone() != 1 {
		t.Errorf("%.2f is done, %d kernels; want 0.90, 1", w.share(), w.kernelsDone())
	}
	w.add(key("6.1", "A"), 1) // a retry
	if w.kernelsDone() != 0 {
		t.Error("a kernel is done of which a retry is due")
	}
	if s := newWorkload(nil).share(); s != 1 {
		t.Errorf("of nothing %.2f is done", s)
	}
}
