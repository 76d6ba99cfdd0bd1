package findings_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/findings"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestViolations(t *testing.T) {
	var cells []results.Cell
	add := func(kernel, fs, test string, v outcome.Verdict, o outcome.Outcome, detail string) *results.Cell {
		a := resultstest.Attempt(results.CellKey{Kernel: kernel, FS: fs, Test: test}, 1, v, o)
		a.Detail = detail
		cells = append(cells, results.FromAttempts([]results.Attempt{a}))
		return &cells[len(cells)-1]
	}
	const punch, crash = "s.TestPunch/page", "s.TestCrash"
	add("6.12.1", "xfs", punch, outcome.Fail, outcome.PhantomZero, "bytes 5")
	add("6.12.1", "xfs", "s.TestPunch/folio", outcome.Fail, outcome.PhantomZero, "bytes 7")
	add("6.12.9", "btrfs", punch, outcome.Fail, outcome.PhantomZero, "bytes 6")
	add("6.12.9", "ext4", punch, outcome.Fail, outcome.Live, "an alias is no violation")
	add("6.1.5", "xfs", punch, outcome.Pass, outcome.Zeroed, "")
	add("5.10.3", "xfs", punch, outcome.Skip, outcome.None, "tells nothing")
	add("6.1.5", "xfs", crash, outcome.Crash, outcome.None, "BUG: KASAN: use-after-free in foo").Expected = results.XFail
	add("6.12.9", "xfs", crash, outcome.Hang, outcome.None, "no output for 10 s")
	add("6.12.9", "xfs", "s.TestInfra", outcome.Infra, outcome.None, "the lab's fault")

	run := resultstest.Run("r", 0)
	run.Policy, run.Seed = outcome.PolicyAlias, 7
	got := findings.Violations(run, cells)
	want := []findings.Violation{
		{Test: "s.TestPunch", Title: "phantom-zero", Verdict: outcome.Fail, Outcome: outcome.PhantomZero, Cells: 3,
			Kernels: []string{"6.12.1", "6.12.9"}, Filesystems: []string{"btrfs", "xfs"}, Since: "6.12.1", Before: "6.1.5",
			Flavours: []findings.Beginning{{Since: "6.12.1", Before: "6.1.5"}},
			Command:  `splicelab run -k 6.12.9 -f btrfs -t '^s\.TestPunch/page$' --seed 7`,
			Example:  results.CellKey{Kernel: "6.12.9", FS: "btrfs", Test: punch}},
		{Test: crash, Title: "no output for 10 s", Verdict: outcome.Hang, Cells: 1, Kernels: []string{"6.12.9"}, Filesystems: []string{"xfs"}, Since: "6.12.9", Flavours: []findings.Beginning{{Since: "6.12.9"}}},
		{Test: crash, Title: "BUG: KASAN: use-after-free in foo", Verdict: outcome.Crash, Cells: 1, Expected: 1, Kernels: []string{"6.1.5"}, Filesystems: []string{"xfs"}, Since: "6.1.5", Flavours: []findings.Beginning{{Since: "6.1.5"}}},
	}
	ignore := cmpopts.IgnoreFields(findings.Violation{}, "Command", "Example")
	if d := cmp.Diff(want[0], got[0]); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if d := cmp.Diff(want, got, ignore); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	// The policy of the run changes neither the list nor its order.
	if d := cmp.Diff(got, findings.Violations(run, results.Show(cells, outcome.PolicySnapshot))); d != "" {
		t.Errorf("under another policy (-alias +snapshot):\n%s", d)
	}
}

// A violation begins on each flavour for itself: another one's kernels say nothing
// about it.
func TestViolationsByFlavour(t *testing.T) {
	got := findings.Violations(resultstest.Run("r", 0), resultstest.FlavourCells())
	want := map[string][]findings.Beginning{
		"splice.TestPunchHole": {
			{Flavour: "cloud-amd64", Since: "6.12.117+deb13-cloud-amd64", Before: "6.1.0-56-cloud-amd64"},
			{Flavour: "arm64-16k", Since: "6.12.117+deb13-arm64-16k", Before: "6.12.116+deb13-arm64-16k"},
		},
		"splice.TestAppend": {{Flavour: "arm64-16k", Since: "6.12.116+deb13-arm64-16k"}},
	}
	if len(got) != len(want) {
		t.Fatalf("%d violations, want %d", len(got), len(want))
	}
	for _, v := range got {
		if d := cmp.Diff(want[v.Test], v.Flavours); d != "" {
			t.Errorf("%s: %s", v.Test, d)
		}
		if v.Since != v.Flavours[0].Since || v.Before != v.Flavours[0].Before || v.Example.Kernel != "6.12.117+deb13-arm64-16k" {
			t.Errorf("%s: since %s, before %s, example %s", v.Test, v.Since, v.Before, v.Example)
		}
	}
}

func TestWhat(t *testing.T) {
	for _, c := range []struct {
		v    findings.Violation
		want string
	}{
		{findings.Violation{Verdict: outcome.Hang, Title: "hang", Cells: 2}, "hang"},
		{findings.Violation{Verdict: outcome.Fail, Title: "moved", Cells: 2, Expected: 2}, "fail <moved>, expected"},
		{findings.Violation{Verdict: outcome.Fail, Title: "moved", Cells: 2, Expected: 1}, "fail <moved>, 1 of them expected"},
	} {
		if got := c.v.What(func(title string) string { return "<" + title + ">" }); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
