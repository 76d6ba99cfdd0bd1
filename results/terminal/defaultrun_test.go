package terminal

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

var defaultKernels = []struct{ release, version string }{
	{"5.10.0-46-cloud-amd64", "5.10.262"}, {"6.1.0-56-cloud-amd64", "6.1.192"}, {"6.12.118+deb13-cloud-amd64", "6.12.118"},
	{"6.18.15+deb13-cloud-amd64", "6.18.15"}, {"7.3.4+deb13-cloud-amd64", "7.3.4"},
}

// defaultRun is what the default matrix of 380 cells has shown, under policy p.
func defaultRun(t *testing.T, p outcome.Policy) (results.Run, []results.Cell) {
	t.Helper()
	letters := map[string]outcome.Outcome{}
	for _, o := range outcome.All {
		letters[o.Letter()] = o
	}
	text, err := os.ReadFile("testdata/default-run.txt")
	resultstest.Must(t, err)
	var cells []results.Cell
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if words[0] == "#" {
			continue
		}
		for k, kernel := range defaultKernels {
			version, err := kernelversion.Parse(kernel.version)
			resultstest.Must(t, err)
			for i, fs := range []string{"btrfs", "ext4", "tmpfs", "xfs"} {
				o := letters[words[1+k][i:i+1]]
				a := resultstest.Attempt(results.CellKey{Kernel: kernel.release, FS: fs, Test: "splice.Test" + words[0]}, 1, outcome.Pass, o)
				a.Version = version
				switch {
				case o == outcome.None:
					a.Verdict, a.Kind = outcome.Skip, outcome.Invariant
				case strings.HasPrefix(words[0], "Control/"):
					a.Kind = outcome.Invariant
				default:
					a.Verdict = a.Verdict.Under(p, a.Kind, o)
				}
				cells = append(cells, results.FromAttempts([]results.Attempt{a}))
			}
		}
	}
	results.Sort(cells)
	r := resultstest.Run("20261128-041635-1090cff", 0)
	r.Finished, r.Policy, r.Planned, r.Seed = r.Started.Add(264*time.Second), p, len(cells), 6189804572616270
	return r, cells
}

// TestDefaultRun: the whole of it takes under 60 lines of 80 columns, and what
// every policy forbids is on the first screen.
func TestDefaultRun(t *testing.T) {
	r, cells := defaultRun(t, outcome.PolicyAlias)
	for name, o := range map[string]Options{
		"default-60.txt": {Width: 60}, "default-80.txt": {}, "default-120.txt": {Width: 120},
		"default-color.txt": {Color: true}, "default-last.txt": {Width: 120, ViolationsLast: true, Only: []outcome.Verdict{outcome.Fail}},
	} {
		t.Run(name, func(t *testing.T) {
			resultstest.Golden(t, name, func(b *bytes.Buffer) error { return WriteMatrix(b, r, cells, o) })
		})
	}
	for _, p := range outcome.Policies {
		r, cells := defaultRun(t, p)
		var b strings.Builder
		resultstest.Must(t, WriteMatrix(&b, r, cells, Options{}))
		lines := strings.Split(b.String(), "\n")
		if len(lines) > 60 {
			t.Errorf("policy %s: %d lines", p, len(lines))
		}
		first := strings.Join(lines[:23], "\n")
		for _, test := range []string{"TestCollapseRange", "TestPunchHoleInPage", "TestPunchHoleOutside"} {
			if !strings.Contains(first, "splice."+test+": phantom-zero (xfs, 3 cells)\n   since 6.12.118 (6.1.192 has not)") {
				t.Errorf("policy %s: %s is not on the first screen:\n%s", p, test, first)
			}
		}
		tally := map[outcome.Policy]string{
			outcome.PolicyAlias:    "380 cells: 201 pass, 153 deviates, 9 violation, 17 skip\n",
			outcome.PolicySnapshot: "380 cells: 201 pass, 153 deviates (all fail), 9 violation, 17 skip\n",
		}[p]
		if !strings.Contains(b.String(), tally) {
			t.Errorf("no %q in\n%s", tally, b.String())
		}
	}
}

// TestFullHasEveryCell: with Full each of the 380 cells has its mark, and without it
// nothing but violations and what differs is left.
func TestFullHasEveryCell(t *testing.T) {
	r, cells := defaultRun(t, outcome.PolicyAlias)
	count := func(o Options) (marks int) {
		var b strings.Builder
		resultstest.Must(t, WriteMatrix(&b, r, cells, o))
		matrix, _, _ := strings.Cut(b.String(), "\n\n. pass")
		matrix = matrix[strings.Index(matrix, "splice.Test…"):]
		for word := range strings.FieldsSeq(matrix) {
			if len(word) == 2 && strings.Contains(".:x-", word[:1]) {
				marks++
			}
		}
		return marks
	}
	for _, o := range []Options{{Full: true}, {Full: true, Width: 120}, {Wide: true}} {
		if n := count(o); n != 380 {
			t.Errorf("%+v: %d marks", o, n)
		}
	}
	if n := count(Options{}); n >= 380/2 {
		t.Errorf("%d marks are left by folding", n)
	}
}
