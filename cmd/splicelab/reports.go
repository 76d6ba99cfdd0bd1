package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/internal/config"
	"github.com/splicelab/splicelab/internal/osfile"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/format"
	"github.com/splicelab/splicelab/results/store"
)

// pageFormat is the report for people, which package page writes.
const pageFormat = "html"

// reportFormats are the kinds of reports. The flags of run and of results
// export and the keys of the configuration are called after them.
var reportFormats = append(slices.Clip(format.Formats), format.Format{Name: pageFormat, What: "a single-page HTML report"})

// reportFlags defines a flag for each kind of report, which is set in r.
func reportFlags(f *pflag.FlagSet, r *config.Run) {
	for _, kind := range reportFormats {
		f.StringVar(r.Report(kind.Name), kind.Name, "", "write "+kind.What+" to `FILE`")
	}
	f.StringVar(&r.KCIDBOrigin, "kcidb-origin", format.DefaultOrigin, "be known to KCIDB as `NAME`")
}

// reportFlagNames are the flags of the kinds of reports, for a message.
func reportFlagNames() string {
	names := make([]string, len(reportFormats))
	for i, kind := range reportFormats {
		names[i] = "--" + kind.Name
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// reportFile is one document about a run and where it goes.
type reportFile struct {
	format string // as its flag is called
	path   string // "-" for standard output
}

type reports struct {
	list     []reportFile
	origin   string // for KCIDB
	stdout   io.Writer
	families func(context.Context) annotator // for html
}

// newReports makes sure that each report can be written, before hours are
// spent on what it is about.
func (a *app) newReports(r config.Run) (reports, error) {
	all := reports{stdout: a.stdout, origin: r.KCIDBOrigin, families: a.families}
	taken := map[string]string{}
	for _, kind := range reportFormats {
		one := reportFile{kind.Name, *r.Report(kind.Name)}
		if one.path == "" {
			continue
		}
		place := one.path
		if place != "-" {
			place = filepath.Clean(place)
		}
		if other := taken[place]; other != "" {
			return reports{}, usagef("--%s and --%s both write to %s: name two files", other, one.format, one.path)
		}
		taken[place] = one.format
		if err := one.writable(); err != nil {
			return reports{}, usagef("--%s: %s; name a file in a directory that can be written", one.format, err)
		}
		all.list = append(all.list, one)
	}
	return all, nil
}

// onStdout reports whether a machine reads standard output.
func (r reports) onStdout() bool {
	for _, one := range r.list {
		if one.path == "-" {
			return true
		}
	}
	return false
}

// write writes every report and tells people where each is.
func (r reports) write(ctx context.Context, store *store.Store, run results.Run, cells []results.Cell, people io.Writer) error {
	for _, one := range r.list {
		var document bytes.Buffer
		if err := r.render(ctx, &document, one.format, store, run, cells); err != nil {
			return fmt.Errorf("writing the %s report: %w", one.format, err)
		}
		if one.path == "-" {
			if _, err := r.stdout.Write(document.Bytes()); err != nil {
				return fmt.Errorf("writing the %s report: %w", one.format, err)
			}
			continue
		}
		if err := one.replace(document.Bytes()); err != nil {
			return fmt.Errorf("writing the %s report: %w; write it again with splicelab results export %s --%s FILE", one.format, err, run.ID, one.format)
		}
		fmt.Fprintf(people, "%-9s report: %s\n", one.format, one.path)
	}
	return nil
}

// render writes a document in the format of that name.
func (r reports) render(ctx context.Context, w io.Writer, name string, store *store.Store, run results.Run, cells []results.Cell) error {
	if name == pageFormat {
		return writePage(ctx, w, store, run, cells, r.families(ctx))
	}
	d := format.Document{Run: run, Cells: cells, Origin: r.origin, Attempts: func(k results.CellKey) ([]results.Attempt, error) {
		return store.Attempts(ctx, run.ID, k)
	}}
	for _, kind := range format.Formats {
		if kind.Name == name {
			return kind.Write(w, d)
		}
	}
	return fmt.Errorf("there is no format %q", name)
}

// writable tries the report's place without changing what is there.
func (r reportFile) writable() error {
	if r.path == "-" {
		return nil
	}
	switch st, err := os.Stat(r.path); {
	case err == nil && st.IsDir():
		return fmt.Errorf("%s is a directory", r.path)
	case err == nil && !st.Mode().IsRegular():
		return nil // a device or a pipe: opening it may block or be noticed
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	f, err := osfile.Create(r.path, 0o666)
	if err != nil {
		return err
	}
	return f.Abort()
}

// replace puts content in the report's place whole, or leaves what is there.
func (r reportFile) replace(content []byte) error {
	if st, err := os.Stat(r.path); err == nil && !st.Mode().IsRegular() {
		return os.WriteFile(r.path, content, 0o666) // nothing to rename onto
	}
	return osfile.Write(r.path, content, 0o666)
}

// writeDocument writes v as JSON to a file, or to standard output for "-".
func (a *app) writeDocument(path string, v any) error {
	if path == "-" {
		return a.writeJSON(v)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	return reportFile{format: "json", path: path}.replace(b.Bytes())
}
