package page

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestNewDiff(t *testing.T) {
	cell := func(kernel, test string, came ...outcome.Verdict) results.Cell {
		var attempts []results.Attempt
		for i, v := range came {
			attempts = append(attempts, results.Attempt{CellKey: results.CellKey{Kernel: kernel, FS: "xfs", Test: test}, N: i + 1, Verdict: v, Detail: string(v)})
		}
		return results.FromAttempts(attempts)
	}
	run := func(id string, cells []results.Cell) results.RunSummary {
		return results.RunSummary{Run: results.Run{ID: id, Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Policy: outcome.PolicySnapshot,
			Conditions: map[string]string{"qemu": id}}, Tally: results.Count(cells)}
	}
	a := []results.Cell{cell("6.1", "s.TestA", outcome.Pass), cell("6.1", "s.TestB", outcome.Pass), cell("6.1", "s.TestC", outcome.Pass)}
	b := []results.Cell{cell("6.2", "s.TestA", outcome.Crash), cell("6.2", "s.TestB", outcome.Pass), cell("6.2", "s.TestD", outcome.Skip)}
	d := compare.DiffKernels(a, b)
	d.Assess(func(k results.CellKey) history.Rate {
		if k.Kernel != "6.1" {
			t.Errorf("the history of %s is requested", k)
		}
		return history.Rate{Attempts: 20}
	}, resultstest.BadVerdict)
	one, two := run("one", a), run("two", b)
	doc := NewDiff(NewRun(one, []string{"baseline"}), NewRun(two, nil), d.Conditions(one.Run, two.Run), d)
	none := Rate{High: 1}
	want := []DifferenceList{
		{"new-failures", "new failures", []Change{{Kernel: "6.2", FS: "xfs", Test: "s.TestA", BeforeKernel: "6.1", Before: "pass", After: "crash", Detail: "crash", BeforeClass: "pass", AfterClass: "violation",
			Now: newRate(history.Rate{Failed: 1, Attempts: 1}), Past: newRate(history.Rate{Attempts: 20})}}},
		{"new", "new cells", []Change{{Kernel: "6.2", FS: "xfs", Test: "s.TestD", After: "skip", Detail: "skip", AfterClass: "skip", Now: none, Past: none}}},
		{"gone", "vanished cells", []Change{{Kernel: "6.1", FS: "xfs", Test: "s.TestC", BeforeKernel: "6.1", Before: "pass", BeforeClass: "pass", Now: none, Past: none}}},
	}
	if diff := cmp.Diff(want, doc.Lists); diff != "" {
		t.Error(diff)
	}
	conditions := []Condition{{"kernel", "6.1", "6.2"}, {"qemu", "one", "two"}}
	if diff := cmp.Diff(conditions, doc.Conditions); diff != "" || doc.Same != 1 || doc.BeforeKernel != "6.1" || doc.AfterKernel != "6.2" || doc.Before.Marks[0] != "baseline" {
		t.Errorf("%s\n%+v", diff, doc)
	}
	text, err := json.Marshal(NewDiff(NewRun(run("one", nil), nil), NewRun(run("one", nil), nil), nil, compare.Diff(nil, nil)))
	if err != nil || strings.Contains(string(text), "null") {
		t.Errorf("%s %v", text, err)
	}
}
