package export

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
	"github.com/splicelab/splicelab/results/store"
)

// liveRun is a run with a plan of four cells, and a report that follows it.
type liveRun struct {
	store   *store.Store
	run     results.Run
	plan    *plan.Plan
	reports Reports
	live    *Live
}

func newLiveRun(t *testing.T, file string, stdout *bytes.Buffer) *liveRun {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "results.db"))
	resultstest.Must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	l := &liveRun{store: s, run: resultstest.Run("r", 0), plan: &plan.Plan{
		Kernels: []plan.Kernel{{Release: "6.12"}}, Profiles: []images.Profile{{Name: "xfs"}, {Name: "ext4"}},
		Tests: []plan.Test{{Suite: "s", Top: "TestA", Sub: "one"}, {Suite: "s", Top: "TestA", Sub: "two"}},
	}}
	resultstest.Must(t, s.BeginRun(t.Context(), l.run))
	l.reports, err = NewReports(config.Run{Test2JSON: file}, nil, stdout)
	resultstest.Must(t, err)
	l.live = l.reports.Follow(t.Context(), s, func(cells []results.Cell, p outcome.Policy) {
		if p != l.run.Policy {
			t.Errorf("judged by %s", p)
		}
		cells[0].Why = "judged"
	})
	return l
}

// settle stores an attempt, and reports that the cell is settled.
func (l *liveRun) settle(t *testing.T, key results.CellKey) {
	t.Helper()
	a := resultstest.Attempt(key, 1, outcome.Pass, outcome.Snapshot)
	resultstest.Must(t, l.store.AddAttempt(t.Context(), l.run.ID, &a))
	l.live.Event(sched.Event{Kind: sched.Finished, Cell: key})
	l.live.Event(sched.Event{Kind: sched.Settled, Cell: key})
}

// write writes the reports of the run as it is.
func (l *liveRun) write(t *testing.T) error {
	t.Helper()
	cells, err := l.store.Cells(t.Context(), l.run.ID)
	resultstest.Must(t, err)
	return l.reports.Write(t.Context(), l.store, l.run, cells, &bytes.Buffer{})
}

// sorted are the lines of a report, whose order depends on the run.
func sorted(text string) []string { return slices.Sorted(strings.Lines(text)) }

// A file has the events of a cell as soon as it is settled, and at the end those
// of the report; nothing before the run begins.
func TestLiveReport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events")
	resultstest.Must(t, os.WriteFile(file, []byte("of the last run\n"), 0o644))
	l := newLiveRun(t, file, nil)
	read := func() string {
		content, err := os.ReadFile(file)
		resultstest.Must(t, err)
		return string(content)
	}
	if got := read(); got != "of the last run\n" {
		t.Errorf("before the run begins it is %q", got)
	}
	l.live.Event(sched.Event{Kind: sched.Planned, Run: "r", Plan: l.plan})
	for i, key := range l.plan.Keys() {
		before := read()
		l.settle(t, key)
		if added := strings.TrimPrefix(read(), before); !strings.Contains(added, `"Test":"`+key.Test+`"`) {
			t.Errorf("cell %d added %q", i, added)
		}
	}
	resultstest.Must(t, l.write(t))
	var report bytes.Buffer
	cells, err := l.store.Cells(t.Context(), "r")
	resultstest.Must(t, err)
	resultstest.Must(t, Renderer{}.Render(t.Context(), &report, "test2json", l.store, l.run, cells))
	if got, want := sorted(read()), sorted(report.String()); !slices.Equal(got, want) {
		t.Errorf("it has\n%q\nthe report\n%q", got, want)
	}
}

// An interrupted run has cells that are not settled: they are in the report, on
// standard output once.
func TestLiveReportOfAnInterruptedRun(t *testing.T) {
	var out bytes.Buffer
	l := newLiveRun(t, "-", &out)
	l.live.Event(sched.Event{Kind: sched.Planned, Run: "r", Plan: l.plan})
	keys := l.plan.Keys()
	l.settle(t, keys[0])
	a := resultstest.Attempt(keys[1], 1, outcome.Fail, outcome.Live) // its retries were due
	resultstest.Must(t, l.store.AddAttempt(t.Context(), "r", &a))
	resultstest.Must(t, l.write(t))
	l.live.Event(sched.Event{Kind: sched.Settled, Cell: keys[2]}) // too late
	for text, times := range map[string]int{`"Action":"pass","Package":"6.12/xfs","Test":"s.TestA/one"`: 1,
		`"Action":"fail","Package":"6.12/xfs","Test":"s.TestA/two"`: 1, `"Action":"fail","Package":"6.12/xfs","Elapsed"`: 1, "ext4": 0} {
		if got := strings.Count(out.String(), text); got != times {
			t.Errorf("%s is there %d times, want %d:\n%s", text, got, times, out.String())
		}
	}
}

// A reader that goes away does not stop the run, and is reported at the end.
func TestLiveReportThatCannotBeWritten(t *testing.T) {
	l := newLiveRun(t, "/dev/full", nil)
	l.live.Event(sched.Event{Kind: sched.Planned, Run: "r", Plan: l.plan})
	for _, key := range l.plan.Keys() {
		l.settle(t, key)
	}
	var failed *WriteError
	if err := l.write(t); !errors.As(err, &failed) || failed.Format != "test2json" {
		t.Errorf("got %v, want a *WriteError", err)
	}
}
