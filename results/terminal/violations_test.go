package terminal

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

// violationsOf is the block of violations of cells.
func violationsOf(cells []results.Cell, o Options) string {
	var b strings.Builder
	r := resultstest.Run("r", 0)
	r.Policy, r.Seed = outcome.PolicyAlias, 7
	_ = WriteMatrix(&b, r, cells, o) // to memory
	_, rest, _ := strings.Cut(b.String(), "\n\n")
	block, _, _ := strings.Cut(rest, "\n\n")
	return block + "\n"
}

func oneCell(kernel, fs, test string, v outcome.Verdict, o outcome.Outcome) results.Cell {
	return results.FromAttempts([]results.Attempt{resultstest.Attempt(results.CellKey{Kernel: kernel, FS: fs, Test: "s.Test" + test}, 1, v, o)})
}

func TestViolations(t *testing.T) {
	const pass, fail, crash = outcome.Pass, outcome.Fail, outcome.Crash
	expected := oneCell("6.1.1", "xfs", "Expected", fail, outcome.Foreign)
	expected.Expected = results.XFail
	half := oneCell("6.1.1", "ext4", "Half", fail, outcome.Foreign)
	half.Expected = results.XFail
	cells := []results.Cell{
		oneCell("6.1.1", "xfs", "New", pass, outcome.Snapshot), oneCell("6.12.1", "xfs", "New", fail, outcome.Stale),
		oneCell("6.1.1", "xfs", "Always", fail, outcome.Moved), oneCell("6.12.1", "xfs", "Always", fail, outcome.Moved),
		oneCell("6.1.1", "xfs", "Old", fail, outcome.Short), oneCell("6.12.1", "xfs", "Old", pass, outcome.Live),
		oneCell("6.12.1", "xfs", "Unknown", crash, outcome.None), oneCell("6.1.1", "xfs", "Unknown", outcome.Skip, outcome.None),
		expected, half, oneCell("6.1.1", "xfs", "Half", fail, outcome.Foreign),
	}
	want := `Violations: 5 in 7 cells (1 expected: XFAIL)
M  s.TestAlways: moved (xfs, 2 cells)
   on every kernel of the run
   splicelab run -k 6.12.1 -f xfs -t '^s\.TestAlways$' --seed 7
F  s.TestHalf: foreign (ext4, xfs, 2 cells, 1 of them XFAIL)
   since 6.1.1 or earlier
   splicelab run -k 6.1.1 -f ext4 -t '^s\.TestHalf$' --seed 7
O  s.TestNew: stale (xfs, 1 cell)
   since 6.12.1 (6.1.1 has not)
   splicelab run -k 6.12.1 -f xfs -t '^s\.TestNew$' --seed 7
<  s.TestOld: short (xfs, 1 cell)
   since 6.1.1 or earlier
   splicelab run -k 6.1.1 -f xfs -t '^s\.TestOld$' --seed 7
!! s.TestUnknown: crash: detail (xfs, 1 cell)
   since 6.12.1 (no result on older ones)
   splicelab run -k 6.12.1 -f xfs -t '^s\.TestUnknown$' --seed 7
`
	if d := cmp.Diff(want, violationsOf(cells, Options{})); d != "" {
		t.Error(d)
	}
	if got := violationsOf(cells[:1], Options{}); got != "no violations\n" {
		t.Errorf("a pass: %q", got)
	}
	if got := violationsOf([]results.Cell{expected}, Options{}); got != "no violations (1 expected: XFAIL)\n" {
		t.Errorf("XFAIL: %q", got)
	}
	// A deviation is none, whatever the policy.
	live := oneCell("6.1.1", "xfs", "Live", fail, outcome.Live)
	if got := violationsOf([]results.Cell{live}, Options{Policy: outcome.PolicySnapshot}); got != "no violations\n" {
		t.Errorf("a deviation: %q", got)
	}
}

// TestViolationsAreBounded: of hundreds the most frequent are shown, and how the
// others are seen.
func TestViolationsAreBounded(t *testing.T) {
	var cells []results.Cell
	for i := range 300 {
		for fs := range 1 + i/100 {
			cells = append(cells, oneCell("6.1.1", fmt.Sprint("fs", fs), fmt.Sprintf("T%03d", i), outcome.Fail, outcome.Foreign))
		}
	}
	got := violationsOf(cells, Options{})
	if n := strings.Count(got, "\n"); n != 1+10*3+1 || !strings.HasSuffix(got, "  290 more: splicelab results matrix r --top 0\n") {
		t.Errorf("%d lines:\n%s", n, got)
	}
	if !strings.Contains(got, "F  s.TestT200: foreign (all 3 filesystems, 3 cells)\n") {
		t.Errorf("the most frequent is not the first:\n%s", got)
	}
	if got := violationsOf(cells, Options{Top: -1}); strings.Count(got, "foreign") != 300 || strings.Contains(got, "more:") {
		t.Error("all: some are missing")
	}
	if got := violationsOf(cells, Options{Top: 2}); strings.Count(got, "foreign") != 2 || !strings.Contains(got, "298 more: ") {
		t.Errorf("two:\n%s", got)
	}
	// Many filesystems of one violation.
	cells = nil
	for i := range 20 {
		cells = append(cells, oneCell("6.1.1", fmt.Sprint("fs", i), "A", outcome.Fail, outcome.Foreign))
	}
	cells = append(cells, oneCell("6.1.1", "other", "A", outcome.Pass, outcome.Snapshot))
	if got := violationsOf(cells, Options{}); !strings.Contains(got, "(fs0 … fs19 (20), 20 cells)") {
		t.Errorf("filesystems:\n%s", got)
	}
}

// TestFoldedRows: rows that are the same on every filesystem are listed, with their
// marks; those that have to be seen cell by cell are not.
func TestFoldedRows(t *testing.T) {
	var cells []results.Cell
	add := func(test string, of func(kernel, fs int) results.Cell) {
		for k, kernel := range []string{"5.10.1", "6.1.1", "6.12.1", "7.1.1"} {
			for f, fs := range []string{"filesystem-one", "filesystem-two"} {
				c := of(k, f)
				c.Kernel, c.FS, c.Test = kernel, fs, "s.Test"+test
				cells = append(cells, c)
			}
		}
	}
	is := func(v outcome.Verdict, o outcome.Outcome) results.Cell { return oneCell("", "", "", v, o) }
	add("Same/one", func(int, int) results.Cell { return is(outcome.Pass, outcome.Live) })
	add("Same/two", func(int, int) results.Cell { return is(outcome.Pass, outcome.Live) })
	add("Turns", func(k, _ int) results.Cell {
		if k > 0 {
			return is(outcome.Pass, outcome.Live)
		}
		return is(outcome.Pass, outcome.Snapshot)
	})
	add("Often", func(k, _ int) results.Cell { return is(outcome.Pass, outcome.All[k%2]) })
	add("Skipped", func(int, int) results.Cell { return is(outcome.Skip, outcome.None) })
	add("Violates", func(int, int) results.Cell { return is(outcome.Fail, outcome.Foreign) })
	add("Flaky", func(int, int) results.Cell { c := is(outcome.Pass, outcome.Snapshot); c.Flaky = "1/2"; return c })
	add("Expected", func(int, int) results.Cell {
		c := is(outcome.Fail, outcome.Live)
		c.Expected = results.XFail
		return c
	})
	add("Better", func(int, int) results.Cell {
		c := is(outcome.Pass, outcome.Snapshot)
		c.Expected = results.XPass
		return c
	})
	add("Differs", func(_, f int) results.Cell { return is(outcome.Pass, outcome.All[f]) })
	var b strings.Builder
	resultstest.Must(t, WriteMatrix(&b, resultstest.Run("r", 0), cells, Options{}))
	matrix, folded, _ := strings.Cut(b.String(), "s.Test… the same on every filesystem")
	folded, _, _ = strings.Cut(folded, "\n\n")
	want := ` (in rows: results matrix --full)
  eL  Expected
  :L  Same (2 alike)
  --  Skipped
  Turns: .S 5.10.1, :L 6.1.1 to 7.1.1`
	if d := cmp.Diff(want, folded); d != "" {
		t.Error(d)
	}
	for _, row := range []string{"Often", "Violates", "Flaky", "Better", "Differs"} {
		if !strings.Contains(matrix, " "+row+" ") {
			t.Errorf("no row of %s:\n%s", row, matrix)
		}
	}
}
