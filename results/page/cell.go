package page

import (
	"fmt"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results"
)

// Lookup is where more about cells is found. What is nil is not known, and is
// left out of the page.
type Lookup struct {
	// Attempts are those at a cell, with their texts, oldest first.
	Attempts func(results.CellKey) ([]results.Attempt, error)
	// History is what a cell came to in runs, newest first.
	History func(results.CellKey) ([]Past, error)
	// CrashLines are the lines of a console's text, from 0, that tell of a crash.
	CrashLines func(console string) []int
	// Family is the family of a test; "" where it is not known.
	Family func(test string) string
	// Report is the text of a report file that looks for what a cell showed.
	Report func(results.Run, results.Cell) (string, error)
}

// NewCell is the document of one cell of run r, with all that is known of it.
// Its texts are safe to show and bounded, whatever l returns.
func NewCell(r results.Run, c results.Cell, l Lookup) (Cell, error) {
	doc := brief(r, c)
	if l.Attempts != nil {
		attempts, err := l.Attempts(c.CellKey)
		if err != nil {
			return Cell{}, fmt.Errorf("attempts at %s: %w", c.CellKey, err)
		}
		doc.Attempts = newAttempts(attempts, l.CrashLines)
	}
	if l.History != nil {
		history, err := l.History(c.CellKey)
		if err != nil {
			return Cell{}, fmt.Errorf("history of %s: %w", c.CellKey, err)
		}
		for _, p := range history {
			p.Run, p.Started, p.Kernel, p.Flaky = sanitize.Line(p.Run), sanitize.Line(p.Started), sanitize.Line(p.Kernel), sanitize.Line(p.Flaky)
			p.Verdict, p.Outcome = cleanName(p.Verdict), cleanName(p.Outcome)
			doc.History = append(doc.History, p)
		}
	}
	if l.Report != nil {
		report, err := l.Report(r, c)
		if err != nil {
			return Cell{}, fmt.Errorf("report file of %s: %w", c.CellKey, err)
		}
		doc.Report = sanitize.Text(report)
	}
	return doc, nil
}

// brief is the document of a cell with what is at hand: no texts, no history,
// no report file.
func brief(r results.Run, c results.Cell) Cell {
	safe := results.SafeAttempt(c.Attempt)
	attempts := make([]results.Attempt, 0, 1+len(c.Others))
	for i, a := range c.Others {
		// Others are oldest first; the cell's own attempt is among them somewhere.
		if len(attempts) == i && c.N < a.N {
			attempts = append(attempts, c.Attempt)
		}
		attempts = append(attempts, a)
	}
	if len(attempts) == len(c.Others) {
		attempts = append(attempts, c.Attempt)
	}
	return Cell{
		Kernel: safe.Kernel, FS: safe.FS, Test: safe.Test, Verdict: c.Verdict, Outcome: safe.Outcome, Kind: safe.Kind,
		Flaky: c.Flaky, Standing: c.Standing, Why: sanitize.Line(c.Why),
		Command: results.RepeatCommand(r, c.CellKey), Attempts: newAttempts(attempts, nil), History: []Past{},
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
