package export

import (
	"context"
	"io"
	"strings"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/console"
	"github.com/splicelab/splicelab/lab/report"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/expect"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/page"
	"github.com/splicelab/splicelab/results/store"
)

// pastRuns is how many runs a cell's history has in the page.
const pastRuns = 20

// writePage writes the HTML report of a run.
func writePage(ctx context.Context, w io.Writer, store *store.Store, run results.Run, cells []results.Cell, a Annotator, e *expect.Expectations) error {
	marks, err := store.Marks(ctx)
	if err != nil {
		return err
	}
	return page.WriteReport(ctx, w, run, marks[run.ID], cells, cellSource{a, store, run, e})
}

// cellSource is the page.Source of a stored run.
type cellSource struct {
	Annotator
	store    *store.Store
	run      results.Run
	expected *expect.Expectations
}

// Attempts implements page.Source.
func (s cellSource) Attempts(ctx context.Context, k results.CellKey) ([]results.Attempt, error) {
	attempts, err := s.store.Attempts(ctx, s.run.ID, k)
	for i := range attempts {
		a := &attempts[i]
		a.Verdict = a.Verdict.Under(s.run.Policy, a.Kind, a.Outcome)
	}
	return attempts, err
}

// History implements page.Source.
func (s cellSource) History(ctx context.Context, k results.CellKey) ([]page.Past, error) {
	all, err := history.Of(ctx, s.store, k, &s.run, pastRuns)
	return page.NewHistory(all, s.run.Policy), err
}

// Expect implements page.Source.
func (s cellSource) Expect(cells []results.Cell, p outcome.Policy) { s.expected.Apply(cells, p) }

// Annotator is a page.Annotator. It maps tests to their descriptions; without
// entries, tests are grouped by name.
type Annotator map[string]protocol.Test

// Family implements page.Annotator.
func (a Annotator) Family(test string) string {
	name, _, _ := strings.Cut(test, "/")
	return a[name].Family
}

// About implements page.Annotator.
func (a Annotator) About(test string) page.About {
	t := a[test]
	return page.About{Number: t.ID, Kind: t.ShownKind(), Doc: t.Doc, Steps: t.Steps, Oracle: t.Oracle, Known: t.Known}
}

// CrashLines implements page.Annotator.
func (Annotator) CrashLines(log string) []int { return crashLines(log) }

// Report implements page.Annotator.
func (Annotator) Report(run results.Run, c results.Cell) (string, error) {
	if !c.Verdict.Bad() && c.Outcome == "" {
		return "", nil
	}
	text, err := report.OfCell(run, c).Text("Written by splicelab from run " + sanitize.Line(run.ID) + ".\nTry it: splicelab repro FILE")
	return string(text), err
}

// crashLines returns the lines of a kernel log, from 0, that report a crash.
func crashLines(log string) []int {
	found := []int{}
	lines := strings.Split(log, "\n")
	for i, l := range lines {
		lines[i] = sanitize.Short(l, 2<<10)
	}
	const ahead = 16 // user-space lines that may be between two kernel lines
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

// Suites describes the test suites.
type Suites = func(context.Context) ([]protocol.Suite, error)

// NewAnnotator asks the suites for their descriptions; it is empty without
// them.
func NewAnnotator(ctx context.Context, describe Suites) Annotator {
	tests := Annotator{}
	suites, err := describe(ctx)
	if err != nil {
		return tests
	}
	for _, s := range suites {
		for _, t := range s.Tests {
			tests[s.Name+"."+t.Name] = t
		}
	}
	return tests
}
