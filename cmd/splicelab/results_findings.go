package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/report"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/findings"
	"github.com/splicelab/splicelab/results/store"
)

func (a *app) resultsFindingsCommand() *cobra.Command {
	var output, reportsDir string
	cmd := &cobra.Command{
		Use:   "findings [RUN]",
		Short: "Write what a run found as a Markdown page, with report files",
		Long: `findings writes a page with the result of each test on each kernel and filesystem
of a run, and lists every invariant that failed. With --reports, each
of these gets a report file in that directory, which "splicelab repro" runs.
docs/findings.md was written by it.` + runHelp,
		Example: `  splicelab run -k newest:20
  splicelab results findings
  splicelab results findings --output docs/findings.md --reports reports`,
		Args: arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			info := a.testInfo(cmd.Context())
			return a.withRun(cmd.Context(), first(args), "", func(_ *store.Store, s session.Stored) error {
				return a.writeFindings(s, info, output, reportsDir)
			})
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&output, "output", "o", "-", "write the page to `FILE`, - is standard output")
	f.StringVar(&reportsDir, "reports", "", "write a report file for each failing invariant to `DIR`")
	return cmd
}

// testInfo returns what the suites say of their tests. A run outlives the
// programs that it was made with: without them, their tests are shown by name.
func (a *app) testInfo(ctx context.Context) func(string) findings.TestInfo {
	suites, err := a.session().GuestSuites(ctx)
	if err != nil {
		a.log.Warn("tests are not described: " + err.Error())
	}
	all := map[string]findings.TestInfo{}
	for _, s := range suites {
		for _, t := range s.Tests {
			all[s.Name+"."+t.Name] = findings.TestInfo{ID: t.ID, Family: t.Family, Doc: t.Doc}
		}
	}
	return func(test string) findings.TestInfo { return all[test] }
}

func (a *app) writeFindings(s session.Stored, info func(string) findings.TestInfo, output, dir string) error {
	link := func(findings.Broken) string { return "" }
	if dir != "" {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return usagef("--reports: %s", err)
		}
		for _, b := range findings.BrokenInvariants(s.Cells, info) {
			if err := writeReport(filepath.Join(dir, b.Name+".yaml"), s.Run, b); err != nil {
				return err
			}
		}
		// Links are as seen from the page.
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
		_, err := a.stdout.Write(page.Bytes())
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
