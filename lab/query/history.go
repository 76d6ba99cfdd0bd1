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

// WriteHistory writes the results of a cell in the newest runs that have it, at
// most last, and its failure rate. series takes all kernels of the cell's
// series; policy, if not empty, replaces that of each run.
func WriteHistory(ctx context.Context, out io.Writer, s session.Settings, key results.CellKey, last int, series bool, policy outcome.Policy) error {
	e, err := s.Expectations()
	if err != nil {
		return err
	}
	store, err := s.OpenResults()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // only read from
	found, ok, err := history.FindCell(ctx, store, key)
	switch {
	case err != nil:
		return err
	case !ok:
		return input.Errorf("no stored run has the cell %s/%s/%s; splicelab results show lists cells", key.Kernel, key.FS, key.Test)
	}
	read := history.Of
	if series {
		read = history.OfSeries
	}
	past, err := read(ctx, store, found, nil, last)
	if err != nil {
		return err
	}
	fails := e.Judgement()
	var rate history.Rate
	title := found.String()
	if series {
		title = results.CellKey{Kernel: results.Series(found.Kernel), FS: found.FS, Test: found.Test}.String()
	}
	fmt.Fprintln(out, sanitize.Line(title))
	w := text.NewTable(out)
	fmt.Fprintln(w, "RUN\tSTARTED\tKERNEL\tVERDICT\tOUTCOME\tFAILED\tDETAIL")
	for _, p := range past {
		under := policy
		if under == "" {
			under = p.Run.Policy
		}
		cells := results.Show([]results.Cell{p.Cell}, under)
		e.Apply(cells, under)
		c := cells[0]
		of := history.RateOf(&c, fails)
		rate = rate.Plus(of)
		failed := ""
		if of.Attempts > 0 {
			failed = fmt.Sprintf("%d/%d", of.Failed, of.Attempts)
		}
		detail := strings.TrimPrefix(c.Detail+"; "+c.Why, "; ")
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Run.ID, p.Run.Started.Local().Format("2006-01-02 15:04"), sanitize.Line(c.Kernel),
			terminal.Word(&c), sanitize.Line(string(c.Outcome)), failed, sanitize.Line(strings.TrimSuffix(detail, "; ")))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "failed: %s; the interval is a 95 %% CI\n", rate)
	return err
}
