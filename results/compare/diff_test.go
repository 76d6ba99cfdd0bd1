package compare_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/resultstest"
)

// diffCell is a cell with one attempt per verdict.
func diffCell(kernel, test string, came ...outcome.Verdict) results.Cell {
	var attempts []results.Attempt
	for i, v := range came {
		attempts = append(attempts, results.Attempt{CellKey: results.CellKey{Kernel: kernel, FS: "xfs", Test: "s.Test" + test}, N: i + 1, Verdict: v})
	}
	return results.FromAttempts(attempts)
}

func expecting(c results.Cell, s results.Expected) results.Cell {
	c.Expected = s
	return c
}

// listed formats the lists of a difference, one per line.
func listed(d compare.Difference) []string {
	var all []string
	for _, l := range d.Lists() {
		s := l.Name + ":"
		for _, c := range l.Changes {
			s += fmt.Sprintf(" %s/%s", c.Kernel, strings.TrimPrefix(c.Test, "s.Test"))
		}
		all = append(all, s)
	}
	return all
}

func TestDiffByExpectations(t *testing.T) {
	const pass, fail, crash = outcome.Pass, outcome.Fail, outcome.Crash
	a := []results.Cell{diffCell("6.1", "Known", pass), diffCell("6.1", "Otherwise", fail), diffCell("6.1", "Mended", fail), diffCell("6.1", "Still", pass), diffCell("6.1", "Was", crash)}
	b := []results.Cell{diffCell("6.1", "Known", fail), diffCell("6.1", "Otherwise", crash), diffCell("6.1", "Mended", pass), diffCell("6.1", "Still", pass), diffCell("6.1", "Was", pass)}
	a[1], a[2], a[3] = expecting(a[1], results.XFail), expecting(a[2], results.XFail), expecting(a[3], results.XPass)
	b[0], b[2], b[3] = expecting(b[0], results.XFail), expecting(b[2], results.XPass), expecting(b[3], results.XPass)
	d := compare.Diff(a, b)
	want := []string{"new-failures: 6.1/Otherwise", "unexpected-passes: 6.1/Mended", "fixes: 6.1/Was", "changed: 6.1/Known"}
	if diff := cmp.Diff(want, listed(d)); diff != "" || d.Same != 1 {
		t.Errorf("same %d: %s", d.Same, diff)
	}
}

func TestDiffFollowsASeries(t *testing.T) {
	const pass, fail = outcome.Pass, outcome.Fail
	a := []results.Cell{diffCell("6.1.0-9", "A", pass), diffCell("6.6.1", "A", pass), diffCell("6.12.9", "A", pass), diffCell("6.12.10", "A", pass), diffCell("6.18.1", "A", pass), diffCell("6.18.1", "B", pass)}
	b := []results.Cell{diffCell("6.1.0-10", "A", fail), diffCell("6.6.1", "A", pass), diffCell("6.6.2", "A", fail), diffCell("6.12.11", "A", fail), diffCell("6.18.2", "A", pass), diffCell("7.0.1", "A", fail)}
	d := compare.Diff(a, b)
	want := []string{"new-failures: 6.1.0-10/A", "new: 6.6.2/A 6.12.11/A 7.0.1/A", "gone: 6.12.9/A 6.12.10/A 6.18.1/B"}
	if diff := cmp.Diff(want, listed(d)); diff != "" || d.Same != 2 {
		t.Errorf("same %d: %s", d.Same, diff)
	}
	if got := d.NewFailures[0].Before.Kernel; got != "6.1.0-9" {
		t.Errorf("compared with %s", got)
	}
	conditions := d.Conditions(
		results.Run{Conditions: map[string]string{"kernel 6.1.0-9": "aa", "kernel 6.6.1": "x"}},
		results.Run{Conditions: map[string]string{"kernel 6.1.0-10": "bb", "kernel 6.6.1": "x", "kernel 6.6.2": "cc"}})
	if diff := cmp.Diff([]compare.Condition{{Name: "kernel 6.1", Before: "6.1.0-9 (aa)", After: "6.1.0-10 (bb)"}, {Name: "kernel 6.18", Before: "6.18.1", After: "6.18.2"}, {Name: "kernel 6.6.2", Before: "", After: "cc"}}, conditions); diff != "" {
		t.Error(diff)
	}
}

func TestDiffWithinAFlavour(t *testing.T) {
	const pass, fail = outcome.Pass, outcome.Fail
	a := []results.Cell{diffCell("6.12.9-cloud-amd64", "A", pass), diffCell("6.12.9-arm64-16k", "A", fail), diffCell("6.18.1-riscv64", "A", pass), diffCell("6.6.1-lab", "A", pass)}
	b := []results.Cell{diffCell("6.12.10-cloud-amd64", "A", fail), diffCell("6.12.10-arm64-16k", "A", fail), diffCell("6.18.2-arm64", "A", fail), diffCell("6.6.1-lab", "A", fail)}
	// Built from the same source for another architecture.
	a[3].Platform = results.Platform{Arch: "amd64", PageSize: 4096}
	b[3].Platform = results.Platform{Arch: "arm64", PageSize: 4096}
	d := compare.Diff(a, b)
	want := []string{"new-failures: 6.12.10-cloud-amd64/A", "new: 6.6.1-lab/A 6.18.2-arm64/A", "gone: 6.6.1-lab/A 6.18.1-riscv64/A"}
	if diff := cmp.Diff(want, listed(d)); diff != "" || d.Same != 1 {
		t.Errorf("same %d: %s", d.Same, diff)
	}
	var names []string
	for _, c := range d.Conditions(results.Run{}, results.Run{}) {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"kernel 6.12 cloud-amd64", "kernel 6.12 arm64-16k"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestAssess(t *testing.T) {
	const pass, fail = outcome.Pass, outcome.Fail
	a := []results.Cell{diffCell("6.1", "Clean", pass), diffCell("6.1", "Shaky", pass), diffCell("6.1", "Some", pass), diffCell("6.1", "Most", pass)}
	b := []results.Cell{diffCell("6.1", "Clean", fail), diffCell("6.1", "Shaky", fail), diffCell("6.1", "Some", fail, pass, pass, pass, pass, pass),
		diffCell("6.1", "Most", fail, fail, fail, fail, fail, pass)}
	d := compare.Diff(a, b)
	if diff := cmp.Diff([]string{"new-failures: 6.1/Clean 6.1/Most 6.1/Shaky 6.1/Some"}, listed(d)); diff != "" {
		t.Error(diff)
	}
	asked := map[string]bool{}
	for _, k := range d.Unassessed() {
		asked[k.Test] = true
	}
	d.Assess(func(k results.CellKey) history.Rate {
		if !asked[k.Test] {
			t.Errorf("%s was not requested", k)
		}
		if k.Test == "s.TestShaky" {
			return history.Rate{Failed: 3, Attempts: 20}
		}
		return history.Rate{Failed: 0, Attempts: 20}
	}, resultstest.BadVerdict)
	if diff := cmp.Diff([]string{"new-failures: 6.1/Clean 6.1/Most", "flaky: 6.1/Shaky 6.1/Some"}, listed(d)); diff != "" {
		t.Error(diff)
	}
	if c := d.NewFailures[1]; c.Now != (history.Rate{Failed: 5, Attempts: 6}) || c.Past != (history.Rate{Failed: 0, Attempts: 20}) {
		t.Errorf("%+v", c)
	}

	// A flaky cell that now always fails is new.
	d = compare.Diff([]results.Cell{diffCell("6.1", "Always", fail, pass), diffCell("6.1", "Still", fail, pass), diffCell("6.1", "Passes", fail, pass)},
		[]results.Cell{diffCell("6.1", "Always", fail, fail), diffCell("6.1", "Still", fail, pass, pass), diffCell("6.1", "Passes", pass)})
	if diff := cmp.Diff([]string{"new-failures: 6.1/Always", "flaky: 6.1/Passes"}, listed(d)); diff != "" {
		t.Error(diff)
	}

	// So is one that fails more often; else it is unchanged.
	d = compare.Diff([]results.Cell{diffCell("6.1", "More", fail, pass), diffCell("6.1", "Still", fail, pass)},
		[]results.Cell{diffCell("6.1", "More", fail, fail, fail, fail, fail, pass), diffCell("6.1", "Still", fail, pass)})
	if !d.Empty() || d.Same != 2 {
		t.Errorf("not assessed: %v, %d the same", listed(d), d.Same)
	}
	d.Assess(func(results.CellKey) history.Rate { return history.Rate{Failed: 2, Attempts: 20} }, resultstest.BadVerdict)
	if diff := cmp.Diff([]string{"new-failures: 6.1/More"}, listed(d)); diff != "" || d.Same != 1 {
		t.Errorf("%s, %d the same", diff, d.Same)
	}
}
