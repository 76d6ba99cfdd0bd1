package query

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// ShownCells is the document of "results show" for the cells that its filters
// select. Fields may be added, but are never renamed or missing.
type ShownCells struct {
	Run    string         `json:"run"`
	Policy outcome.Policy `json:"policy"`
	Cells  []ShownCell    `json:"cells"`
}

// ShownCell is one cell with all its attempts.
type ShownCell struct {
	results.CellKey
	results.Platform
	Class    outcome.Class    `json:"class"`
	Verdict  outcome.Verdict  `json:"verdict"`
	Outcome  outcome.Outcome  `json:"outcome"`
	Kind     outcome.Kind     `json:"kind"`
	Expected results.Expected `json:"standing"` // XFAIL or XPASS; empty: neither
	Why      string           `json:"why"`      // the expectation's reason
	Flaky    string           `json:"flaky"`    // k/n: k of n attempts failed
	Command  string           `json:"command"`  // reproduces it
	Attempts []ShownAttempt   `json:"attempts"`
}

// ShownAttempt is one execution of a cell.
type ShownAttempt struct {
	N          int               `json:"n"`
	Verdict    outcome.Verdict   `json:"verdict"`
	Outcome    outcome.Outcome   `json:"outcome"`
	Detail     string            `json:"detail"`
	Finished   time.Time         `json:"finished"`
	DurationMS int64             `json:"duration_ms"`
	Covariates map[string]string `json:"covariates"`
	Output     string            `json:"output"`
	Console    string            `json:"console"` // the kernel log
}

// ShowCells returns the cells of a run that pick selects; at least one.
func ShowCells(ctx context.Context, store *store.Store, s session.Stored, pick func(results.Cell) bool) (ShownCells, error) {
	shown := ShownCells{Run: s.ID, Policy: s.Policy}
	for _, c := range s.Cells {
		if !pick(c) {
			continue
		}
		attempts, err := store.Attempts(ctx, s.ID, c.CellKey)
		if err != nil {
			return shown, err
		}
		one := ShownCell{CellKey: c.CellKey, Platform: c.Release().Platform, Class: c.Class(), Verdict: c.Verdict, Outcome: c.Outcome, Kind: c.Kind, Expected: c.Expected,
			Why: c.Why, Flaky: c.Flaky, Command: results.RepeatCommand(s.Run, c.CellKey)}
		for _, a := range attempts {
			covariates := maps.Clone(a.Covariates)
			if covariates == nil {
				covariates = map[string]string{}
			}
			one.Attempts = append(one.Attempts, ShownAttempt{N: a.N, Verdict: a.Verdict, Outcome: a.Outcome, Detail: a.Detail, Finished: a.Finished,
				DurationMS: a.Duration.Milliseconds(), Covariates: covariates, Output: a.Output, Console: a.Console})
		}
		shown.Cells = append(shown.Cells, one)
	}
	if len(shown.Cells) == 0 {
		return shown, input.Errorf("no cell of run %s matches these filters: splicelab results matrix %s lists its cells", s.ID, s.ID)
	}
	return shown, nil
}

// RowsWith keeps the cells of those tests that have a cell of one of the classes
// or verdicts, as the matrix shows them; all if none are named.
func RowsWith(cells []results.Cell, classes []outcome.Class, verdicts []outcome.Verdict) []results.Cell {
	if len(classes)+len(verdicts) == 0 {
		return cells
	}
	tests := map[string]bool{}
	for i := range cells {
		if c := &cells[i]; slices.Contains(classes, c.Class()) || slices.Contains(verdicts, c.Verdict) {
			tests[c.Test] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(cells), func(c results.Cell) bool { return !tests[c.Test] })
}
