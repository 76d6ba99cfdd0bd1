package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/config"
	"github.com/splicelab/splicelab/internal/spell"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/store"
	"github.com/splicelab/splicelab/results/terminal"
)

// way is one of the ways in which a cell can get its VM.
type way struct {
	name, doc string
	set       func(*lab.Config)
}

var ways = []way{
	{"shared", "cells share a VM", func(c *lab.Config) { c.Isolation = plan.IsolationVM }},
	{"restored", "each cell has a VM that was restored", func(c *lab.Config) { c.Isolation = plan.IsolationCell }},
	{"booted", "each cell has a VM that was booted", func(c *lab.Config) { c.Isolation, c.NoTemplates = plan.IsolationCell, true }},
}

func (a *app) testsCompareCommand() *cobra.Command {
	var names string
	var from []string
	cmd := &cobra.Command{
		Use:   "compare",
		Short: "Run tests in shared, restored and booted VMs, and print every difference",
		Long: `compare runs the same tests with one seed in several ways: in VMs that cells
share, each in a VM restored from a template, each in a VM that was booted. What
a cell comes to must not depend on that: every difference of verdict, outcome or
reason to skip is printed. Nothing goes into the store of results.

Exit codes: 0 no difference; 1 some; 2 bad usage; 3 the lab failed, or was
interrupted; the ways that were through by then are shown.`,
		Example: `  splicelab tests compare -k 6.12 -f xfs -t 'PunchHole'
  splicelab tests compare -k 6.12 -f xfs --ways shared,restored`,
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.compare(cmd.Context(), names, from) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	defaults := config.Default().Run
	f.StringP("kernels", "k", defaults.Kernels, "compare on the kernels that these `SELECTORS` name")
	f.StringP("filesystems", "f", defaults.Filesystems, "compare on these filesystem profiles: `NAMES`, comma-separated, or all")
	f.StringP("tests", "t", "", "compare the tests whose suite.TestName/subtest matches `REGEXP` (default: all but the self-test's)")
	fromFlag(f, &from)
	f.Int("priority", defaults.Priority, "compare the tests of priority 0, the highest, to `N`")
	f.StringVar(&names, "ways", "shared,restored,booted", "compare these `WAYS`, comma-separated; the first is what the others are compared with")
	f.IntP("jobs", "j", 0, "run `N` VMs at once (default: from cores and memory)")
	for _, name := range []string{"kernels", "filesystems", "tests", "priority", "jobs"} {
		a.bind(f, name, "run."+name)
	}
	a.vmFlags(f)
	f.Uint64("seed", 0, "start all pseudo-randomness from `N` (default: random, and printed)")
	a.bind(f, "seed", "run.seed")
	a.completeSelections(cmd)
	return cmd
}

func parseWays(names string) ([]way, error) {
	var chosen []way
	var known []string
	for _, w := range ways {
		known = append(known, w.name)
	}
	for name := range strings.SplitSeq(names, ",") {
		i := slices.Index(known, name)
		switch {
		case i < 0 && spell.Nearest(name, known) != "":
			return nil, usagef("--ways: unknown way %q: did you mean %q?", name, spell.Nearest(name, known))
		case i < 0:
			return nil, usagef("--ways: unknown way %q: use %s", name, strings.Join(known, ", "))
		case slices.ContainsFunc(chosen, func(w way) bool { return w.name == name }):
			return nil, usagef("--ways: %s is named twice", name)
		}
		chosen = append(chosen, ways[i])
	}
	if len(chosen) < 2 {
		return nil, usagef("--ways %s: two ways are needed to compare", names)
	}
	return chosen, nil
}

// compared is a run in one of the ways.
type compared struct {
	way
	stored
	took time.Duration
}

func (a *app) compare(ctx context.Context, names string, from []string) error {
	chosen, err := parseWays(names)
	if err != nil {
		return err
	}
	tests, err := a.selectTests(ctx, from)
	if err != nil {
		return err
	}
	defer tests.release()
	release, err := a.useVMs(ctx)
	if err != nil {
		return err
	}
	defer release()
	store, remove, err := scratchStore()
	if err != nil {
		return err
	}
	defer remove()

	runs, err := a.compareRuns(ctx, store, tests, chosen)
	different, werr := writeCompared(a.stdout, runs, a.matrixOptions(a.stdout))
	if err = cmp.Or(err, werr); err != nil {
		return err
	}
	if different > 0 {
		return &failedError{different}
	}
	return nil
}

// compareRuns runs the plan in each of the ways. With an error come the ways
// that were through before it.
func (a *app) compareRuns(ctx context.Context, store *store.Store, tests selection, chosen []way) ([]compared, error) {
	p := newProgress(a.stderr)
	found, err := a.fetchForRun(ctx, false, p)
	p.Close()
	if err != nil {
		return nil, err
	}
	cells, err := plan.New(lab.Ready(found).Plan(), tests.profiles, tests.suites, tests.pattern)
	if err != nil {
		return nil, err
	}
	a.cfg.Run.Seed = a.seed()
	var runs []compared
	for _, w := range chosen {
		fmt.Fprintf(a.stderr, "%s: %s\n", w.name, w.doc)
		p := newProgress(a.stderr)
		run, err := func() (results.Run, error) {
			defer p.Close()
			l, err := a.newLab(ctx, found[0], store, p, func(c *lab.Config) { c.User = tests.own; w.set(c) })
			if err != nil {
				return results.Run{}, err
			}
			return l.Run(ctx, cells, lab.Ready(found), p)
		}()
		if err != nil {
			return runs, fmt.Errorf("%s: %w", w.name, err)
		}
		s, err := readRun(context.WithoutCancel(ctx), store, run.ID, "")
		if err != nil {
			return runs, err
		}
		runs = append(runs, compared{w, s, run.Finished.Sub(run.Started)})
	}
	return runs, nil
}

// writeCompared prints what each way took and in what it differs from the
// first, and returns in how many cells. Of no runs it prints nothing.
func writeCompared(out io.Writer, runs []compared, o terminal.Options) (different int, err error) {
	if len(runs) == 0 {
		return 0, nil
	}
	w := newTable(out)
	fmt.Fprintln(w, "WAY\tCELLS\tTOOK\tA MINUTE\tDIFFERENT\tRETRIED")
	var all []compare.Difference
	for _, r := range runs {
		d := compare.Diff(runs[0].cells, r.cells)
		all = append(all, d)
		n := len(r.cells) - d.Same + len(d.Gone)
		different += n
		retried := 0
		for _, c := range r.cells {
			retried += c.Infra
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%.0f\t%d\t%d\n", r.name, len(r.cells), r.took.Round(100*time.Millisecond), float64(len(r.cells))/r.took.Minutes(), n, retried)
	}
	if err := w.Flush(); err != nil {
		return different, err
	}
	for i, d := range all[1:] {
		if d.Empty() {
			continue
		}
		fmt.Fprintf(out, "\n%s -> %s\n", runs[0].name, runs[i+1].name)
		if err := terminal.WriteChanges(out, d, o); err != nil {
			return different, err
		}
	}
	return different, nil
}
