package page

import (
	"context"
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Source supplies the parts of a cell's document that are not in a run's list
// of cells.
type Source interface {
	// Attempts returns a cell's attempts with their texts, oldest first.
	Attempts(context.Context, results.CellKey) ([]results.Attempt, error)
	// History returns a cell's results in past runs, newest first.
	History(context.Context, results.CellKey) ([]Past, error)
	// Expect sets Expected and Why of cells judged by a policy.
	Expect([]results.Cell, outcome.Policy)
	Annotator
}

// Annotator derives facts that no store records: from kernel logs, from the
// names of tests, from results.
type Annotator interface {
	// CrashLines returns the lines of a kernel log, from 0, that report a crash.
	CrashLines(console string) []int
	// Family returns the family of a test, "" if unknown.
	Family(test string) string
	// About describes a test, suite.TestName; empty if unknown.
	About(test string) About
	// Report returns a report file that reproduces a cell's result, "" if there
	// is nothing to reproduce.
	Report(results.Run, results.Cell) (string, error)
}

// NewCell returns the document of one cell of run r. Its texts are sanitized
// and bounded, whatever src returns.
func NewCell(ctx context.Context, r results.Run, c results.Cell, src Source) (Cell, error) {
	doc, err := withoutHistory(ctx, r, c, src)
	if err != nil {
		return Cell{}, err
	}
	name, _, _ := strings.Cut(c.Test, "/")
	doc.About = src.About(name).safe()
	history, err := src.History(ctx, c.CellKey)
	if err != nil {
		return Cell{}, fmt.Errorf("history of %s: %w", c.CellKey, err)
	}
	for _, p := range history {
		p.Run, p.Started, p.Kernel, p.Flaky = sanitize.Line(p.Run), sanitize.Line(p.Started), sanitize.Line(p.Kernel), sanitize.Line(p.Flaky)
		p.Verdict, p.Outcome = cleanName(p.Verdict), cleanName(p.Outcome)
		doc.History = append(doc.History, p)
	}
	return doc, nil
}

func withoutHistory(ctx context.Context, r results.Run, c results.Cell, src Source) (Cell, error) {
	doc := brief(r, c)
	attempts, err := src.Attempts(ctx, c.CellKey)
	if err != nil {
		return Cell{}, fmt.Errorf("attempts of %s: %w", c.CellKey, err)
	}
	if len(attempts) > 0 {
		doc.Attempts = newAttempts(attempts, src.CrashLines)
	}
	report, err := src.Report(r, c)
	if err != nil {
		return Cell{}, fmt.Errorf("report file of %s: %w", c.CellKey, err)
	}
	doc.Report = sanitize.Text(report)
	if doc.Report != "" {
		doc.Repro = reproCommands(r, c.CellKey)
	}
	return doc, nil
}

// brief is the document of a cell without texts, history and report file.
func brief(r results.Run, c results.Cell) Cell {
	safe := results.SafeAttempt(c.Attempt)
	attempts := make([]results.Attempt, 0, 1+len(c.Others))
	for i, a := range c.Others {
		// Others are oldest first; the cell's deciding attempt may belong
		// anywhere among them.
		if len(attempts) == i && c.N < a.N {
			attempts = append(attempts, c.Attempt)
		}
		attempts = append(attempts, a)
	}
	if len(attempts) == len(c.Others) {
		attempts = append(attempts, c.Attempt)
	}
	return Cell{
		Kernel: safe.Kernel, Platform: safe.Release().Platform, FS: safe.FS, Test: safe.Test, Verdict: c.Verdict, Outcome: safe.Outcome, Kind: safe.Kind,
		Class: c.Class(), Meaning: c.Outcome.Meaning(), About: About{}.safe(), Repro: []string{},
		Flaky: c.Flaky, Expected: c.Expected, Why: sanitize.Line(c.Why),
		Command: results.RepeatCommand(r, c.CellKey), Attempts: newAttempts(attempts, nil), History: []Past{},
	}
}

// reproCommands write the cell's report file, reproduce what it describes, and
// pack a reproducer that needs no splicelab.
func reproCommands(r results.Run, key results.CellKey) []string {
	cell := key.Kernel + "/" + key.FS + "/" + key.Test
	return []string{
		results.ShellCommand([]string{"splicelab", "repro", "--run", r.ID, "-o", "cell.yaml", cell}),
		"splicelab repro cell.yaml",
		"splicelab repro --bundle cell.tar.zst cell.yaml",
	}
}

func newAttempts(attempts []results.Attempt, crashLines func(string) []int) []Attempt {
	docs := make([]Attempt, 0, len(attempts))
	for _, a := range attempts {
		a = results.SafeAttempt(a)
		doc := Attempt{
			N: a.N, Verdict: a.Verdict, Outcome: a.Outcome, Detail: a.Detail, Finished: rfc3339(a.Finished),
			DurationMS: a.Duration.Milliseconds(), Timing: newTiming(a.Timing), Covariates: a.Covariates,
			Output: a.Output, Console: a.Console, CrashLines: []int{}, Wrong: Wrong(a.Detail, a.Output),
			Class: a.Class(), Layout: newLayout(&a),
		}
		if crashLines != nil && a.Console != "" {
			doc.CrashLines = append(doc.CrashLines, crashLines(a.Console)...)
		}
		docs = append(docs, doc)
	}
	return docs
}

// newTiming lists the phases that took any time.
func newTiming(t results.Timing) []Phase {
	phases := []Phase{}
	for _, p := range results.Phases {
		if d := p.In(t); d > 0 {
			phases = append(phases, Phase{Name: p.Name, MS: milliseconds(d)})
		}
	}
	return phases
}
