package selfcheck

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/spell"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/terminal"
)

// Way is a way in which a cell gets its VM.
type Way struct {
	name, doc string
	set       func(*lab.Config)
}

var ways = []Way{
	{"shared", "cells share a VM", func(c *lab.Config) { c.Isolation = plan.IsolationVM }},
	{"restored", "each cell has a VM that was restored", func(c *lab.Config) { c.Isolation = plan.IsolationCell }},
	{"booted", "each cell has a VM that was booted", func(c *lab.Config) { c.Isolation, c.NoTemplates = plan.IsolationCell, true }},
}

// ParseWays reads comma-separated ways, at least two.
func ParseWays(names string) ([]Way, error) {
	var chosen []Way
	var known []string
	for _, w := range ways {
		known = append(known, w.name)
	}
	for name := range strings.SplitSeq(names, ",") {
		i := slices.Index(known, name)
		switch {
		case i < 0 && spell.Nearest(name, known) != "":
			return nil, input.Optionf("ways", "unknown way %q: did you mean %q?", name, spell.Nearest(name, known))
		case i < 0:
			return nil, input.Optionf("ways", "unknown way %q: use %s", name, strings.Join(known, ", "))
		case slices.ContainsFunc(chosen, func(w Way) bool { return w.name == name }):
			return nil, input.Optionf("ways", "%s is named twice", name)
		}
		chosen = append(chosen, ways[i])
	}
	if len(chosen) < 2 {
		return nil, input.Optionf("ways", "%s: two ways are needed to compare", names)
	}
	return chosen, nil
}

// compared is a run in one of the ways.
type compared struct {
	Way
	session.Stored
	took time.Duration
}

// Compare runs the same tests with one seed in several ways, prints every
// difference from the first, and returns the number of cells that differ. Nothing
// is stored. After an error, the completed ways are shown.
func Compare(ctx context.Context, settings session.Settings, from []string, ways []Way, out, log io.Writer, o terminal.Options) (different int, err error) {
	tests, err := settings.Select(ctx, from)
	if err != nil {
		return 0, err
	}
	defer tests.Close()
	s, err := settings.OpenScratch(ctx)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	runs, err := compareRuns(ctx, s, tests, ways, log)
	different, werr := writeCompared(out, runs, o)
	return different, cmp.Or(err, werr)
}

// compareRuns runs the plan in each of the ways. With an error it returns the
// completed ways.
func compareRuns(ctx context.Context, s *session.Session, tests session.Selection, chosen []Way, log io.Writer) ([]compared, error) {
	p := progress.New(log)
	found, err := s.FetchRun(ctx, p)
	p.Close()
	if err != nil {
		return nil, err
	}
	cells, err := plan.New(lab.Ready(found).Plan(), tests.Profiles, tests.Suites, tests.Pattern)
	if err != nil {
		return nil, err
	}
	s.Run.Seed = s.RandomSeed()
	var runs []compared
	for _, w := range chosen {
		fmt.Fprintf(log, "%s: %s\n", w.name, w.doc)
		p := progress.New(log)
		run, err := func() (results.Run, error) {
			defer p.Close()
			l, err := s.NewLab(ctx, found[0], p, tests.Configure(results.OriginCompare), w.set)
			if err != nil {
				return results.Run{}, err
			}
			return l.Run(ctx, cells, lab.Ready(found), p)
		}()
		if err != nil {
			return runs, fmt.Errorf("%s: %w", w.name, err)
		}
		stored, err := session.Read(context.WithoutCancel(ctx), s.Results, run.ID, "")
		if err != nil {
			return runs, err
		}
		runs = append(runs, compared{w, stored, run.Finished.Sub(run.Started)})
	}
	return runs, nil
}

// writeCompared prints each way's duration and its differences from the first, and
// returns the number of cells that differ. Without runs it prints nothing.
func writeCompared(out io.Writer, runs []compared, o terminal.Options) (different int, err error) {
	if len(runs) == 0 {
		return 0, nil
	}
	w := text.NewTable(out)
	fmt.Fprintln(w, "WAY\tCELLS\tTOOK\tA MINUTE\tDIFFERENT\tRETRIED")
	var all []compare.Difference
	for _, r := range runs {
		d := compare.Diff(runs[0].Cells, r.Cells)
		all = append(all, d)
		n := len(r.Cells) - d.Same + len(d.Gone)
		different += n
		retried := 0
		for _, c := range r.Cells {
			retried += c.Infra
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%.0f\t%d\t%d\n", r.name, len(r.Cells), r.took.Round(100*time.Millisecond), float64(len(r.Cells))/r.took.Minutes(), n, retried)
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
