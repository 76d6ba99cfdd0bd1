package query

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
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
		h.Results = append(h.Results, PastResult{Run: p.Run.ID, Started: p.Run.Started, Kernel: c.Kernel, Class: c.Class(), Verdict: c.Verdict, Outcome: c.Outcome,
			Expected: c.Expected, Why: c.Why, Detail: c.Detail, Failed: of.Failed, Attempts: of.Attempts})
	}
	h.Rate = newRate(rate)
	return h, nil
}

// WriteHistory writes the history of a cell as a table.
func WriteHistory(out io.Writer, h CellHistory) error {
	fmt.Fprintln(out, sanitize.Line(h.CellKey.String()))
	w := text.NewTable(out)
	fmt.Fprintln(w, "RUN\tSTARTED\tKERNEL\tVERDICT\tOUTCOME\tFAILED\tDETAIL")
	for _, p := range h.Results {
		failed := ""
		if p.Attempts > 0 {
			failed = fmt.Sprintf("%d/%d", p.Failed, p.Attempts)
		}
		c := results.Cell{Expected: p.Expected}
		c.Verdict = p.Verdict
		detail := strings.TrimPrefix(p.Detail+"; "+p.Why, "; ")
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Run, p.Started.Local().Format("2006-01-02 15:04"), sanitize.Line(p.Kernel),
			terminal.Word(&c), sanitize.Line(string(p.Outcome)), failed, sanitize.Line(strings.TrimSuffix(detail, "; ")))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "failed: %s; the interval is a 95 %% CI\n", history.Rate{Failed: h.Rate.Failed, Attempts: h.Rate.Attempts})
	return err
}
