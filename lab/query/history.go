package query

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/palette"
	"github.com/splicelab/splicelab/results/terminal"
)

// History returns the results of a cell in the newest runs that have it, at
// most last, and its failure rate. series takes all kernels of the cell's
// series; policy, if not empty, replaces that of each run.
func History(ctx context.Context, s session.Settings, key results.CellKey, last int, series bool, policy outcome.Policy) (CellHistory, error) {
	e, err := s.Expectations()
	if err != nil {
		return CellHistory{}, err
	}
	store, err := s.OpenResults()
	if err != nil {
		return CellHistory{}, err
	}
	defer func() { _ = store.Close() }() // only read from
	found, ok, err := history.FindCell(ctx, store, key)
	switch {
	case err != nil:
		return CellHistory{}, err
	case !ok:
		return CellHistory{}, input.Errorf("no stored run has the cell %s/%s/%s; splicelab results show lists cells", key.Kernel, key.FS, key.Test)
	}
	read := history.Of
	h := CellHistory{CellKey: found, Results: []PastResult{}}
	if series {
		read, h.Kernel = history.OfSeries, results.Series(found.Kernel)
	}
	past, err := read(ctx, store, found, nil, last)
	if err != nil {
		return CellHistory{}, err
	}
	fails := e.Judgement()
	var rate history.Rate
	for _, p := range past {
		under := policy
		if under == "" {
			under = p.Run.Policy
		}
		cells := results.Show([]results.Cell{p.Cell}, under)
		e.Apply(cells, under)
		c := &cells[0]
		of := history.RateOf(c, fails)
		rate = rate.Plus(of)
		h.Results = append(h.Results, PastResult{Run: p.Run.ID, Started: p.Run.Started, Kernel: c.Kernel, Platform: c.Release().Platform, Class: c.Class(), Verdict: c.Verdict, Outcome: c.Outcome,
			Expected: c.Expected, Why: c.Why, Detail: c.Detail, Failed: of.Failed, Attempts: of.Attempts})
	}
	h.Rate = newRate(rate)
	return h, nil
}

// WriteHistory writes the history of a cell as a table.
func WriteHistory(out io.Writer, h CellHistory, o terminal.Options) error {
	fmt.Fprintln(out, sanitize.Line(h.CellKey.String()))
	rows := [][]string{{"RUN", "STARTED", "KERNEL", "VERDICT", "OUTCOME", "FAILED", "DETAIL"}}
	for _, p := range h.Results {
		failed := ""
		if p.Attempts > 0 {
			failed = fmt.Sprintf("%d/%d", p.Failed, p.Attempts)
		}
		c := results.Cell{Attempt: results.Attempt{Verdict: p.Verdict}, Expected: p.Expected}
		detail := strings.TrimPrefix(p.Detail+"; "+p.Why, "; ")
		rows = append(rows, []string{p.Run, p.Started.Local().Format("2006-01-02 15:04"), p.Kernel,
			terminal.Word(&c), string(p.Outcome), failed, strings.TrimSuffix(detail, "; ")})
	}
	colour := func(row, column int) string {
		switch column {
		case 3:
			return palette.Class(h.Results[row-1].Class).SGR
		case 4:
			hue, _ := palette.Outcome(h.Results[row-1].Outcome)
			return hue.SGR
		}
		return ""
	}
	if err := terminal.WriteTable(out, rows, colour, o); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "failed: %s; the interval is a 95 %% CI\n", history.Rate{Failed: h.Rate.Failed, Attempts: h.Rate.Attempts})
	return err
}
