package findings_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/findings"
	"github.com/splicelab/splicelab/results/resultstest"
)

// platformRuns has the cells of PlatformCells in two runs, by architecture. The
// second also has a cell of the first with another outcome.
func platformRuns(t *testing.T) findings.Runs {
	t.Helper()
	var amd64, others []results.Cell
	for _, c := range resultstest.PlatformCells() {
		if c.Release().Arch == "amd64" {
			amd64 = append(amd64, c)
		} else {
			others = append(others, c)
		}
	}
	again := resultstest.Attempt(amd64[0].CellKey, 1, outcome.Fail, outcome.Foreign)
	var runs findings.Runs
	first, second := resultstest.Run("first", 0), resultstest.Run("second", time.Hour)
	first.Seed, second.Seed = 1, 2
	second.Command, second.Problem = []string{"splicelab", "run", "--json", "x", "-k", "6.12@*"}, "a *control* cell failed"
	resultstest.Must(t, runs.Add(first, amd64))
	resultstest.Must(t, runs.Add(second, append(others, results.FromAttempts([]results.Attempt{again}))))
	return runs
}

func TestWriteFindingsOfSeveralRuns(t *testing.T) {
	resultstest.Golden(t, "platforms.md", func(b *bytes.Buffer) error {
		return findings.Write(b, platformRuns(t), sampleInfo, func(findings.Broken) string { return "" })
	})
}

func TestRuns(t *testing.T) {
	runs := platformRuns(t)
	all := len(resultstest.PlatformCells())
	if len(runs.Cells) != all || runs.Used[0]+runs.Used[1] != all {
		t.Fatalf("%d cells, %v of the runs, want %d", len(runs.Cells), runs.Used, all)
	}
	for i := range runs.Cells {
		c := &runs.Cells[i]
		want := "second"
		if c.Release().Arch == "amd64" {
			want = "first"
		}
		if got := runs.Of(c.CellKey).ID; got != want || c.Outcome == outcome.Foreign {
			t.Errorf("%s is %s of run %s, want that of %s", c.CellKey, c.Outcome, got, want)
		}
	}
	resultstest.Must(t, runs.Add(resultstest.Run("first", 0), resultstest.PlatformCells()))
	if len(runs.Runs) != 2 || len(runs.Cells) != all {
		t.Errorf("a run that is named twice counts twice")
	}
}

// A cell's kernel is its release: that of another flavour is another kernel's.
func TestRunsOfOneReleaseInTwoFlavours(t *testing.T) {
	var runs findings.Runs
	for _, c := range []struct{ arch, refused string }{
		{"arm64", ""}, {"arm64", ""},
		{"amd64", `run 2 has 6.12.117-lab with amd64, pages of 4 KiB, an earlier one with arm64, pages of 16 KiB: name one`},
	} {
		a := resultstest.Attempt(results.CellKey{Kernel: "6.12.117-lab", FS: "xfs", Test: "splice.TestWrite"}, 1, outcome.Pass, outcome.Live)
		a.Platform = results.Platform{Arch: c.arch, PageSize: map[string]int{"arm64": 16384}[c.arch]}
		err := runs.Add(resultstest.Run(string(rune('0'+len(runs.Runs))), 0), []results.Cell{results.FromAttempts([]results.Attempt{a})})
		if (err != nil) != (c.refused != "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: %v, want %q", c.arch, err, c.refused)
		}
	}
}

func TestDocument(t *testing.T) {
	d := findings.NewDocument(platformRuns(t))
	if len(d.Runs) != 2 || d.Runs[0].Run != "first" || d.Runs[1].Problem == "" || d.Runs[0].Cells == 0 || d.Runs[1].Cells == 0 {
		t.Errorf("runs %+v", d.Runs)
	}
	if len(d.Platforms.Versions) != 1 || len(d.Violations) != 1 {
		t.Fatalf("%d versions, %d violations", len(d.Platforms.Versions), len(d.Violations))
	}
	if v := d.Violations[0]; !strings.Contains(v.Command, "--seed 2") {
		t.Errorf("%s is repeated with the seed of another run: %s", v.Example, v.Command)
	}
}
