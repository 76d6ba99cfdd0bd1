package main

import (
	"context"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/lab/report"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// reportOf writes the report file of a stored cell.
func (a *app) reportOf(ctx context.Context, key results.CellKey, name, output string) error {
	store, err := a.session().OpenResults()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // only read from
	run, cell, err := query.FindCell(ctx, store, key, name)
	if err != nil {
		return err
	}
	if cell.Verdict == outcome.Infra {
		return usagef("%s has no verdict in run %s: the lab failed it (%s)", cell.CellKey, run.ID, sanitize.Line(cell.Detail))
	}
	r := report.OfCell(run, cell)
	text, err := r.Text("Written by splicelab repro from run " + run.ID + ".\nTry it: splicelab repro FILE")
	if err != nil {
		return err
	}
	if output == "" || output == "-" {
		_, err := a.stdout.Write(text)
		return err
	}
	return export.File(output).Replace(text)
}
