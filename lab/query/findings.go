package query

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/report"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/findings"
)

// TestInfo returns the suites' descriptions of their tests. If the suites are no
// longer there, tests are shown by name.
func TestInfo(ctx context.Context, s session.Settings) func(string) findings.TestInfo {
	suites, err := s.GuestSuites(ctx)
	if err != nil {
		s.Log.Warn("tests are not described: " + err.Error())
	}
	all := map[string]findings.TestInfo{}
	for _, suite := range suites {
		for _, t := range suite.Tests {
			all[suite.Name+"."+t.Name] = findings.TestInfo{ID: t.ID, Family: t.Family, Doc: t.Doc}
		}
	}
	return func(test string) findings.TestInfo { return all[test] }
}

// Findings are the named runs, or the latest.
func Findings(ctx context.Context, s session.Settings, names []string) (findings.Runs, error) {
	store, err := s.OpenResults()
	if err != nil {
		return findings.Runs{}, err
	}
	defer func() { _ = store.Close() }() // only read from
	if len(names) == 0 {
		names = []string{""}
	}
	var runs findings.Runs
	for _, name := range names {
		run, err := s.ReadJudged(ctx, store, name, "")
		if err != nil {
			return findings.Runs{}, err
		}
		if err := runs.Add(run.Run, run.Cells); err != nil {
			return findings.Runs{}, input.Errorf("%s", err)
		}
	}
	return runs, nil
}

// FindingsOutput is where the findings of runs are written.
type FindingsOutput struct {
	Encoding export.Encoding // empty: as a Markdown page
	File     string          // "-" is standard output
	Reports  string          // directory for a report file of each broken invariant; empty: none
}

// WriteFindings writes the findings of runs; stdout is standard output.
func WriteFindings(stdout io.Writer, runs findings.Runs, info func(string) findings.TestInfo, to FindingsOutput) error {
	link := func(findings.Broken) string { return "" }
	if to.Reports != "" {
		if err := os.MkdirAll(to.Reports, 0o777); err != nil {
			return input.Optionf("reports", "%s", err)
		}
		for _, b := range findings.BrokenInvariants(runs.Cells, info) {
			if err := writeReport(filepath.Join(to.Reports, b.Name+".yaml"), runs.Of(b.Example.CellKey), b); err != nil {
				return err
			}
		}
		// Links are relative to the page.
		from := "."
		if to.File != "-" {
			from = filepath.Dir(to.File)
		}
		rel, err := filepath.Rel(from, to.Reports)
		if err != nil {
			rel = to.Reports
		}
		link = func(b findings.Broken) string { return filepath.ToSlash(filepath.Join(rel, b.Name+".yaml")) }
	}
	var text bytes.Buffer
	var err error
	if to.Encoding != "" {
		err = to.Encoding.Write(&text, findings.NewDocument(runs))
	} else {
		err = findings.Write(&text, runs, info, link)
	}
	switch {
	case err != nil:
		return err
	case to.File == "-":
		_, err := stdout.Write(text.Bytes())
		return err
	}
	return export.File(to.File).Replace(text.Bytes())
}

// writeReport writes the smallest report that shows a finding.
func writeReport(path string, run results.Run, b findings.Broken) error {
	r := report.OfCell(run, b.Example)
	r.Title = fmt.Sprintf("%s is %s on %s", b.Example.Test, b.Says(), b.Example.FS)
	text, err := r.Text("Written by splicelab results findings from run " + run.ID + ".\nTry it: splicelab repro " + filepath.Base(path))
	if err != nil {
		return err
	}
	return export.File(path).Replace(text)
}
