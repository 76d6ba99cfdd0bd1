package query

import (
	"context"
	"io"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/report"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// WriteReport writes the report file of a stored cell, from the named run or the
// newest run that has it. If file is empty, it writes to out.
func WriteReport(ctx context.Context, s session.Settings, out io.Writer, key results.CellKey, name string, file export.File) error {
	store, err := s.OpenResults()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // only read from
	run, cell, err := FindCell(ctx, store, key, name)
	if err != nil {
		return err
	}
	if cell.Verdict == outcome.Infra {
		return input.Errorf("%s has no verdict in run %s: the lab failed it (%s)", cell.CellKey, run.ID, sanitize.Line(cell.Detail))
	}
	text, err := report.OfCell(run, cell).Text("Written by splicelab repro from run " + run.ID + ".\nTry it: splicelab repro FILE")
	if err != nil {
		return err
	}
	if file == "" || file == export.Stdout {
		_, err := out.Write(text)
		return err
	}
	return file.Replace(text)
}
