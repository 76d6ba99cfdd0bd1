// Package export writes the documents of a run: reports in the formats of
// package format and the HTML page, each to a file or to standard output. It
// must not know which command asked for them.
package export

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/expect"
	"github.com/splicelab/splicelab/results/format"
	"github.com/splicelab/splicelab/results/store"
)

// pageFormat is the report for people, which package page writes.
const pageFormat = "html"

// Formats are the kinds of reports. Options of the configuration and of the
// command line have their names.
var Formats = append(slices.Clip(format.Formats), format.Format{Name: pageFormat, What: "a single-page HTML report"})

// Renderer writes runs as documents.
type Renderer struct {
	// Origin is the origin of reports to KCIDB.
	Origin string
	// Suites describes the suites, which know the families of tests.
	Suites Suites
	// Expected judges cells by policies other than the run's; nil: nothing is
	// expected.
	Expected *expect.Expectations
}

// Render writes a run in the format of that name.
func (r Renderer) Render(ctx context.Context, w io.Writer, name string, s *store.Store, run results.Run, cells []results.Cell) error {
	if name == pageFormat {
		return writePage(ctx, w, s, run, cells, NewAnnotator(ctx, r.Suites), r.Expected)
	}
	d := format.Document{Run: run, Cells: cells, Origin: r.Origin, Attempts: func(k results.CellKey) ([]results.Attempt, error) {
		return s.Attempts(ctx, run.ID, k)
	}}
	for _, kind := range format.Formats {
		if kind.Name == name {
			return kind.Write(w, d)
		}
	}
	return fmt.Errorf("there is no format %q", name)
}

// Reports are the documents of one run, and where each goes.
type Reports struct {
	Renderer
	files  []formatted
	stdout io.Writer
}

type formatted struct {
	format string
	file   File
	live   *Live // what writes it while the run goes on; nil: nothing
}

// NewReports reads the options for reports, and verifies that each file can be
// written, before hours are spent on the run.
func NewReports(r config.Run, suites Suites, stdout io.Writer) (Reports, error) {
	all := Reports{Renderer: Renderer{Origin: r.KCIDBOrigin, Suites: suites}, stdout: stdout}
	taken := map[string]string{}
	for _, kind := range Formats {
		path := *r.Report(kind.Name)
		if path == "" {
			continue
		}
		place := path
		if path != string(Stdout) {
			place = filepath.Clean(place)
		}
		if other := taken[place]; other != "" {
			return Reports{}, input.Optionf(kind.Name, "the %s report goes to %s too: name two files", other, path)
		}
		taken[place] = kind.Name
		file := File(path)
		if err := file.Check(kind.Name); err != nil {
			return Reports{}, err
		}
		all.files = append(all.files, formatted{format: kind.Name, file: file})
	}
	return all, nil
}

// Empty reports whether no report is requested.
func (r Reports) Empty() bool { return len(r.files) == 0 }

// OnStdout reports whether a report goes to standard output.
func (r Reports) OnStdout() bool {
	return slices.ContainsFunc(r.files, func(f formatted) bool { return f.file == Stdout })
}

// Write writes every report, and lists the files on log. The error is a
// *WriteError.
func (r Reports) Write(ctx context.Context, s *store.Store, run results.Run, cells []results.Cell, log io.Writer) error {
	for _, one := range r.files {
		var document bytes.Buffer
		var err error
		live := one.live.began(run.ID)
		if live {
			err = one.live.end(cells)
		} else {
			err = r.Render(ctx, &document, one.format, s, run, cells)
		}
		switch {
		case err != nil, live:
		case one.file == Stdout:
			_, err = r.stdout.Write(document.Bytes())
		default:
			err = one.file.Replace(document.Bytes())
		}
		if err != nil {
			return &WriteError{Run: run.ID, Format: one.format, Err: err}
		}
		if one.file != Stdout {
			fmt.Fprintf(log, "%-9s report: %s\n", one.format, one.file)
		}
	}
	return nil
}

// WriteError reports that a report of a stored run could not be written.
type WriteError struct {
	Run, Format string
	Err         error
}

func (e *WriteError) Error() string { return fmt.Sprintf("writing the %s report: %s", e.Format, e.Err) }

func (e *WriteError) Unwrap() error { return e.Err }
