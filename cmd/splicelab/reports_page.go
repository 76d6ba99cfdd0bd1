package main

import (
	"context"
	"io"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/console"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/page"
	"github.com/splicelab/splicelab/results/store"
)

// pastRuns is how many runs a cell's history has in the page.
const pastRuns = 20

// writePage writes the HTML report of a run. family tells of a test, by its
// name, what it belongs to.
func writePage(ctx context.Context, w io.Writer, store *store.Store, run results.Run, cells []results.Cell, family func(string) string) error {
	marks, err := store.Marks(ctx)
	if err != nil {
		return err
	}
	return page.WriteReport(w, run, marks[run.ID], cells, page.Lookup{
		Attempts: func(k results.CellKey) ([]results.Attempt, error) {
			attempts, err := store.Attempts(ctx, run.ID, k)
			for i := range attempts {
				a := &attempts[i]
				a.Verdict = a.Verdict.Under(run.Policy, a.Kind, a.Outcome)
			}
			return attempts, err
		},
		History: func(k results.CellKey) ([]page.Past, error) {
			all, err := history.Of(ctx, store, k, &run, pastRuns)
			return page.NewHistory(all, run.Policy), err
		},
		CrashLines: crashLines,
		Family:     family,
		Report:     pageReport,
	})
}

// pageReport is the text of a cell's report file; empty for one that came to
// nothing that could be looked for.
func pageReport(run results.Run, c results.Cell) (string, error) {
	if !c.Verdict.Bad() && c.Outcome == "" {
		return "", nil
	}
	text, err := encodeReport(cellReport(run, c), "Written by splicelab from run "+sanitize.Line(run.ID)+".\nTry it: splicelab repro FILE")
	return string(text), err
}

// crashLines are the lines of a kernel log, from 0, in which the kernel says
// what went wrong.
func crashLines(log string) []int {
	found := []int{}
	lines := strings.Split(log, "\n")
	for i, l := range lines {
		lines[i] = sanitize.Short(l, 2<<10)
	}
	const ahead = 16 // lines of others that may stand between two of the kernel's
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

// families tells which family a test belongs to; without the suites' programs
// that is not known.
func (a *app) families(ctx context.Context) func(string) string {
	suites, err := lab.Suites(ctx, a.cfg.GuestDir)
	if err != nil {
		return func(string) string { return "" } // tests are grouped by name then
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
