package progress

import (
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/estimate"
)

// steps is a clock that the test moves.
type steps struct{ time.Time }

func (s *steps) now() time.Time       { return s.Time }
func (s *steps) pass(d time.Duration) { s.Time = s.Add(d) }

// left is an estimate of some seconds.
func left(seconds int, rate float64) estimate.Progress {
	return estimate.Progress{Left: time.Duration(seconds) * time.Second, Rate: rate}
}

func finished(v outcome.Verdict, done, total int) sched.Event {
	return sched.Event{Kind: sched.Finished, Attempt: results.Attempt{Verdict: v}, Done: done, Total: total, Estimate: left(10*(total-done), 0.4)}
}

func TestTallyOfCells(t *testing.T) {
	clock := &steps{time.Unix(0, 0)}
	var y tally
	if got := y.line(clock.now()); got != "" {
		t.Errorf("nothing to report: %q", got)
	}
	y.event(sched.Event{Kind: sched.Planned, Total: 20}, clock.now())
	clock.pass(10 * time.Second)
	y.event(finished(outcome.Pass, 1, 20), clock.now())
	y.event(finished(outcome.Pass, 2, 20), clock.now())
	y.event(sched.Event{Kind: sched.Retry, Done: 2, Total: 20}, clock.now())
	y.event(finished(outcome.Crash, 4, 20), clock.now())
	// Events of other goroutines may arrive late: the count never decreases.
	y.event(finished(outcome.Fail, 3, 20), clock.now())
	want := "4 of 20 cells: 2 pass, 1 fail, 1 crash, 1 infra again; 0.4 cells/s, 2m40s left"
	if got := y.line(clock.now()); got != want {
		t.Errorf("line is\n%s\nwant\n%s", got, want)
	}
}

// Retries do not count as cells.
func TestTallyOfAResumedRun(t *testing.T) {
	clock := &steps{time.Unix(0, 0)}
	var y tally
	y.event(sched.Event{Kind: sched.Planned, Done: 10, Total: 20, Kernels: 3, KernelsDone: 1}, clock.now())
	clock.pass(10 * time.Second)
	y.event(sched.Event{Kind: sched.Finished, Attempt: results.Attempt{Verdict: outcome.Fail}, Done: 11, Total: 20, Retries: 5,
		Kernels: 3, KernelsDone: 2}, clock.now())
	y.event(sched.Event{Kind: sched.Finished, Again: true, Attempt: results.Attempt{Verdict: outcome.Fail}, Done: 11, Total: 20, Retried: 1, Retries: 5,
		Estimate: left(14, 0.2), Kernels: 3, KernelsDone: 2}, clock.now())
	want := "2 of 3 kernels, 11 of 20 cells: 1 fail, 1 of 5 retried; 0.2 cells/s, 14s left"
	if got := y.line(clock.now()); got != want {
		t.Errorf("line is\n%s\nwant\n%s", got, want)
	}
	for width, want := range map[int]string{
		100:           want,
		len(want) - 1: "2 of 3 kernels, 11 of 20 cells: 1 fail, 1 of 5 retried; 14s left",
		50:            "2 of 3 kernels, 11 of 20 cells; 14s left",
		12:            "2 of 3 kerne",
		0:             "",
	} {
		if got := y.fitting(clock.now(), width); got != want {
			t.Errorf("in %d columns it is %q, want %q", width, got, want)
		}
	}
	y.event(sched.Event{Kind: sched.Finished, Again: true, Done: 20, Total: 20, Retried: 5, Retries: 5, Kernels: 3, KernelsDone: 3}, clock.now())
	if got := y.line(clock.now()); strings.Contains(got, "left") {
		t.Errorf("nothing is left, but it shows %q", got)
	}
}

// Until cells finish the line says what they wait for, and since when; while they
// finish it does not.
func TestTallySaysWhatCellsWaitFor(t *testing.T) {
	clock := &steps{time.Unix(0, 0)}
	var y tally
	preparing := func(kind sched.EventKind, work, fs string, nth int) {
		y.event(sched.Event{Kind: kind, Total: 152, Cell: results.CellKey{Kernel: "6.12.118+deb13-amd64", FS: fs}, Version: "6.12.118",
			Work: work, Nth: nth, Of: 8}, clock.now())
	}
	shows := func(want string) {
		t.Helper()
		if got := y.line(clock.now()); got != want {
			t.Errorf("line is\n%s\nwant\n%s", got, want)
		}
	}
	y.event(sched.Event{Kind: sched.Planned, Total: 152}, clock.now())
	preparing(sched.Preparing, sched.WorkBoot, "", 1)
	clock.pass(5 * time.Second)
	shows("0 of 152 cells; booting 6.12.118 for its templates (boot 1 of 8), 5 s")
	preparing(sched.Prepared, sched.WorkBoot, "", 1)
	preparing(sched.Preparing, sched.WorkTemplate, "xfs", 3)
	clock.pass(7 * time.Second)
	preparing(sched.Preparing, sched.WorkTemplate, "ext4", 4)
	shows("0 of 152 cells; making the template of 6.12.118 on xfs (3 of 8) and 1 more, 12 s")
	if got, want := y.fitting(clock.now(), 60), "0 of 152 cells"; got != want {
		t.Errorf("in 60 columns it is %q, want %q", got, want)
	}
	y.event(finished(outcome.Pass, 1, 152), clock.now())
	if got := y.line(clock.now()); strings.Contains(got, "template") {
		t.Errorf("a cell finished just now, but it shows %q", got)
	}
	clock.pass(quiet)
	if got := y.line(clock.now()); !strings.Contains(got, "left; making the template of 6.12.118 on xfs (3 of 8) and 1 more, 15 s") {
		t.Errorf("nothing finishes any more, and it shows %q", got)
	}
}

func TestTallyOfDownloads(t *testing.T) {
	clock := &steps{time.Unix(0, 0)}
	var y tally
	// Half of it was there from an earlier attempt, and does not count towards
	// the rate.
	y.download("a", 50<<20, 100<<20, clock.now())
	clock.pass(10 * time.Second)
	y.download("a", 60<<20, 100<<20, clock.now())
	want := "fetching kernels: 60 MiB of 100 MiB, 1.0 MiB/s, 40s left"
	if got := y.line(clock.now()); got != want {
		t.Errorf("line is %q, want %q", got, want)
	}
}

func TestProgressInALogIsThrottled(t *testing.T) {
	var out strings.Builder
	clock := &steps{time.Unix(0, 0)}
	p := New(&out)
	p.now, p.last = clock.now, clock.now()
	p.Event(sched.Event{Kind: sched.Planned, Total: 1000})
	for i := range 1000 {
		clock.pass(10 * time.Millisecond)
		p.Event(finished(outcome.Pass, i+1, 1000))
	}
	p.Close()
	p.Event(finished(outcome.Pass, 1000, 1000))
	if got := strings.Count(out.String(), "\n"); got != 3 {
		t.Errorf("ten seconds of cells made %d lines, want the plan and one each 5 s:\n%s", got, out.String())
	}
}
