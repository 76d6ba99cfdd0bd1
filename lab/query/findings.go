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

// WriteFindings writes the page of a run's findings to the file output, "-" being
// out, and a report file of each broken invariant below dir, if it is not empty.
func WriteFindings(out io.Writer, s session.Stored, info func(string) findings.TestInfo, output, dir string) error {
	link := func(findings.Broken) string { return "" }
	if dir != "" {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return input.Optionf("reports", "%s", err)
		}
		for _, b := range findings.BrokenInvariants(s.Cells, info) {
			if err := writeReport(filepath.Join(dir, b.Name+".yaml"), s.Run, b); err != nil {
				return err
			}
		}
		// Links are relative to the page.
		from := "."
		if output != "-" {
			from = filepath.Dir(output)
		}
		rel, err := filepath.Rel(from, dir)
		if err != nil {
			rel = dir
		}
		link = func(b findings.Broken) string { return filepath.ToSlash(filepath.Join(rel, b.Name+".yaml")) }
	}
	var page bytes.Buffer
	if err := findings.Write(&page, s.Run, s.Cells, info, link); err != nil {
		return err
	}
	if output == "-" {
		_, err := out.Write(page.Bytes())
		return err
	}
	return export.File(output).Replace(page.Bytes())
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
