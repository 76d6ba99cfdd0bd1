package terminal

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestMatrixGolden(t *testing.T) {
	r, cells := resultstest.Sample()
	for name, o := range map[string]Options{
		"matrix-80.txt":      {},
		"matrix-120.txt":     {Width: 120},
		"matrix-60.txt":      {Width: 60},
		"matrix-40.txt":      {Width: 40},
		"matrix-alias.txt":   {Policy: outcome.PolicyAlias, Full: true, Width: 100},
		"matrix-crashes.txt": {Only: []outcome.Verdict{outcome.Crash, outcome.Hang}},
		"matrix-color.txt":   {Color: true, Only: []outcome.Verdict{outcome.Crash}},
	} {
		t.Run(name, func(t *testing.T) {
			resultstest.Golden(t, name, func(b *bytes.Buffer) error { return WriteMatrix(b, r, cells, o) })
		})
	}
}

func TestMatrixFitsItsWidth(t *testing.T) {
	r, cells := resultstest.Sample()
	for _, width := range []int{40, 61, 80, 100, 137, 200} {
		b := new(bytes.Buffer)
		resultstest.Must(t, WriteMatrix(b, r, cells, Options{Width: width}))
		for line := range strings.Lines(b.String()) {
			if w := runewidth.StringWidth(strings.TrimRight(line, "\n")); w > width {
				t.Errorf("width %d: a line of %d: %s", width, w, line)
			}
		}
	}
}

func TestMatrixMarksAreDistinct(t *testing.T) {
	seen := make(map[string]string)
	for _, v := range outcome.Verdicts {
		for _, o := range append([]outcome.Outcome{outcome.None}, outcome.All...) {
			if v != outcome.Pass && v != outcome.Fail && o != outcome.None {
				continue
			}
			m, name := mark(&results.Cell{Attempt: results.Attempt{Verdict: v, Outcome: o}}), string(v)+" "+string(o)
			if len(m) != 2 || seen[m] != "" {
				t.Errorf("mark %q of %s is also that of %s, or not two characters", m, name, seen[m])
			}
			seen[m] = name
		}
	}
}

func TestEmptyMatrix(t *testing.T) {
	b := new(bytes.Buffer)
	resultstest.Must(t, WriteMatrix(b, resultstest.Run("r", 0), nil, Options{}))
	if !strings.Contains(b.String(), "no cells to show") || !strings.Contains(b.String(), "3 planned but not run") {
		t.Error(b.String())
	}
}

// TestHostileTextInEveryFormat gives each format text that attacks a reader.
func TestHostileTextInEveryFormat(t *testing.T) {
	r, cells, _ := resultstest.HostileRun()
	d := compare.Diff(nil, cells)
	for name, write := range map[string]func(io.Writer) error{
		"matrix": func(w io.Writer) error { return WriteMatrix(w, r, cells, Options{}) },
		"diff":   func(w io.Writer) error { return WriteDiff(w, r, r, d, Options{}) },
	} {
		b := new(bytes.Buffer)
		resultstest.Must(t, write(b))
		for _, c := range b.String() {
			if c != '\n' && !unicode.IsGraphic(c) {
				t.Errorf("%s: %U reaches the reader", name, c)
				break
			}
		}
	}
}

func TestDiff(t *testing.T) {
	mk := func(name string, v outcome.Verdict, o outcome.Outcome, detail string) results.Cell {
		a := resultstest.Attempt(results.CellKey{Kernel: "6.1", FS: "xfs", Test: "s.Test" + name}, 1, v, o)
		a.Detail = detail
		return results.FromAttempts([]results.Attempt{a})
	}
	const (
		pass, fail, skip = outcome.Pass, outcome.Fail, outcome.Skip
		crash, infra     = outcome.Crash, outcome.Infra
		none             = outcome.None
	)
	a := []results.Cell{mk("Same", pass, none, ""), mk("Broke", pass, none, ""), mk("Fixed", fail, outcome.Live, "d"),
		mk("Other", fail, outcome.Live, "d"), mk("Worse", fail, none, "d"), mk("Reason", skip, none, "no module"),
		mk("Skipped", pass, none, ""), mk("Ran", skip, none, "no module"), mk("Gone", pass, none, ""),
		mk("Lost", pass, none, ""), mk("Found", infra, none, "x"), mk("SkipFail", skip, none, "no module"), mk("SkipSame", skip, none, "no module"),
		mk("BothInfra", infra, none, "x")}
	b := []results.Cell{mk("Same", pass, none, "other words"), mk("Broke", crash, none, "GPF in f"), mk("Fixed", pass, outcome.Snapshot, ""),
		mk("Other", fail, outcome.Zeroed, "d"), mk("Worse", crash, none, "d"), mk("Reason", skip, none, "EINVAL"),
		mk("Skipped", skip, none, "no module"), mk("Ran", pass, none, ""), mk("New", fail, none, "d"),
		mk("Lost", infra, none, "no memory"), mk("Found", fail, none, "d"), mk("SkipFail", fail, none, "d"), mk("SkipSame", skip, none, "no module"),
		mk("BothInfra", infra, none, "y")}
	d := compare.Diff(a, b)
	names := func(changes []compare.Change) (s string) {
		for _, c := range changes {
			s += strings.TrimPrefix(c.Test, "s.Test") + " "
		}
		return s
	}
	want := []string{"Broke SkipFail ", "Fixed ", "Other Worse ", "Ran Reason Skipped ", "New ", "Gone ", "Found Lost "}
	got := []string{names(d.NewFailures), names(d.Fixes), names(d.Changed), names(d.Skips), names(d.New), names(d.Gone), names(d.Unknown)}
	if diff := cmp.Diff(want, got); diff != "" || d.Same != 3 || d.Empty() {
		t.Errorf("same %d: %s", d.Same, diff)
	}
	before, after := resultstest.Run("before", 0), resultstest.Run("after", time.Hour)
	after.Conditions, after.Seed = map[string]string{"qemu": "8.0", "kernel 6.1": "abc"}, 2
	before.Finished, after.Finished, after.Problem = resultstest.T0, resultstest.T0, "control cell failed"
	for name, o := range map[string]Options{"diff.txt": {}, "diff-60.txt": {Width: 60}, "diff-color.txt": {Color: true}} {
		resultstest.Golden(t, name, func(w *bytes.Buffer) error { return WriteDiff(w, before, after, d, o) })
	}
}
