package export

import (
	"context"
	"io"
	"strings"

	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/console"
	"github.com/splicelab/splicelab/lab/report"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/page"
	"github.com/splicelab/splicelab/results/store"
)

// pastRuns is how many runs a cell's history has in the page.
const pastRuns = 20

// writePage writes the HTML report of a run. family returns the family of the
// test of that name.
func writePage(ctx context.Context, w io.Writer, s *store.Store, run results.Run, cells []results.Cell, family func(string) string) error {
	marks, err := s.Marks(ctx)
	if err != nil {
		return err
	}
	return page.WriteReport(w, run, marks[run.ID], cells, page.Lookup{
		Attempts: func(k results.CellKey) ([]results.Attempt, error) {
			attempts, err := s.Attempts(ctx, run.ID, k)
			for i := range attempts {
				a := &attempts[i]
				a.Verdict = a.Verdict.Under(run.Policy, a.Kind, a.Outcome)
			}
			return attempts, err
		},
		History: func(k results.CellKey) ([]page.Past, error) {
			all, err := history.Of(ctx, s, k, &run, pastRuns)
			return page.NewHistory(all, run.Policy), err
		},
		CrashLines: CrashLines,
		Family:     family,
		Report:     ReportFile,
	})
}

// ReportFile is the content of a cell's report file; empty for a cell whose
// result cannot be reproduced.
func ReportFile(run results.Run, c results.Cell) (string, error) {
	if !c.Verdict.Bad() && c.Outcome == "" {
		return "", nil
	}
	text, err := report.OfCell(run, c).Text("Written by splicelab from run " + results.CleanLine(run.ID) + ".\nTry it: splicelab repro FILE")
	return string(text), err
}

// CrashLines are the lines of a kernel log, from 0, in which the kernel reports
// a fault.
func CrashLines(log string) []int {
	found := []int{}
	lines := strings.Split(log, "\n")
	for i, l := range lines {
		lines[i] = console.CleanLine(l, 2<<10)
	}
	const ahead = 16 // lines of user space that may stand between two of the kernel's
	next := 0        // no line twice
	for _, e := range console.Parse([]byte(log)) {
		at := max(next, e.Line-1)
		for _, said := range e.Excerpt {
			said = strings.TrimSuffix(said, "…")
			for i := at; i < min(at+ahead, len(lines)); i++ {
				if strings.Contains(lines[i], said) {
					found = append(found, i)
					at, next = i+1, i+1
					break
				}
			}
		}
	}
	return found
}

// Families returns the function that knows the family of a test. Without the
// suites' programs it knows none, and tests are grouped by name.
func Families(ctx context.Context, guestDir string) func(test string) string {
	suites, err := lab.Suites(ctx, guestDir)
	if err != nil {
		return func(string) string { return "" }
	}
	family := map[string]string{}
	for _, s := range suites {
		for _, t := range s.Tests {
			family[s.Name+"."+t.Name] = t.Family
		}
	}
	return func(test string) string {
		name, _, _ := strings.Cut(test, "/")
		return family[name]
	}
}
