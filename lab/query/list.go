// Package query reads stored runs, and presents or prunes them: lists, cells,
// histories, comparisons and findings. It must not know flags.
package query

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// RunList are runs of a store, newest first, and what was left out.
type RunList struct {
	Runs  []ListedRun
	Steps int // left out because they are steps: see results.Origin.Step
	Older int // left out by the limit
}

// ListedRun is a run with what distinguishes it from others.
type ListedRun struct {
	results.RunSummary
	Marks []string
	// Previous is the id of the last run before it of the same selection; empty if
	// there is none. Change is by how much the number of cells differs, by class.
	Previous string
	Change   map[outcome.Class]int
}

// ListRuns reads the runs that f selects, at most limit of them (0: all).
func ListRuns(ctx context.Context, s *store.Store, f RunFilter, limit int) (RunList, error) {
	all, err := s.Runs(ctx)
	if err != nil {
		return RunList{}, err
	}
	marks, err := s.Marks(ctx)
	if err != nil {
		return RunList{}, err
	}
	var list RunList
	previous := map[string]int{} // the next run to be found in all, by its selection
	for i := range all {
		r := &all[i]
		if at, ok := previous[selection(r.Run)]; ok && r.InSequence() {
			list.Runs[at].Previous = r.ID
			delete(previous, selection(r.Run))
		}
		switch {
		case !f.match(*r, marks[r.ID]):
			continue
		case !f.Steps && r.Origin.Step():
			list.Steps++
			continue
		case limit > 0 && len(list.Runs) == limit:
			list.Older++
			continue
		}
		if r.InSequence() {
			previous[selection(r.Run)] = len(list.Runs)
		}
		list.Runs = append(list.Runs, ListedRun{RunSummary: *r, Marks: marks[r.ID]})
	}
	return list, list.count(ctx, s, all)
}

// count sets the numbers of cells, of which the store has those of finished
// runs.
func (l *RunList) count(ctx context.Context, s *store.Store, all []results.RunSummary) error {
	byID := map[string]*results.RunSummary{}
	for i := range all {
		byID[all[i].ID] = &all[i]
	}
	tally := func(id string) (results.Tally, error) {
		one := []results.RunSummary{*byID[id]}
		err := s.Count(ctx, one)
		byID[id].Tally = one[0].Tally
		return one[0].Tally, err
	}
	for i := range l.Runs {
		r := &l.Runs[i]
		var err error
		if r.Tally, err = tally(r.ID); err != nil {
			return err
		}
		if r.Previous == "" {
			continue
		}
		before, err := tally(r.Previous)
		if err != nil {
			return err
		}
		r.Change = map[outcome.Class]int{}
		for _, c := range outcome.Classes {
			if n := r.Classes[c] - before.Classes[c]; n != 0 {
				r.Change[c] = n
			}
		}
	}
	return nil
}

// selection identifies the runs that test the same: a point release continues
// its series.
func selection(r results.Run) string {
	var series []string
	for _, k := range r.Kernels {
		of := k.Series()
		if !k.Usual() {
			of += "@" + k.Tag()
		}
		series = append(series, of)
	}
	return strings.Join(slices.Compact(series), ",") + "\n" + r.Selected.Key()
}

// classes lists the classes of cells and their numbers, the worst first.
func classes(t results.Tally) string {
	var words []string
	for _, c := range outcome.Classes {
		if n := t.Classes[c]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, c))
		}
	}
	return strings.Join(words, ", ")
}

// counts lists the verdicts and their numbers, in the order of reports.
func counts(n map[outcome.Verdict]int) string {
	var words []string
	for _, v := range outcome.Verdicts {
		if n[v] > 0 {
			words = append(words, fmt.Sprintf("%d %s", n[v], v))
		}
	}
	return strings.Join(words, ", ")
}

// Write writes the list as a table for people, in at most width columns, and as
// of now. A width of 0 is that of a pipe.
func (l RunList) Write(out io.Writer, width int, now time.Time) error {
	if err := l.table(out, cmp.Or(width, plainWidth), now); err != nil {
		return err
	}
	var left []string
	if l.Older > 0 {
		left = append(left, fmt.Sprintf("%d older (-n 0)", l.Older))
	}
	if l.Steps > 0 {
		left = append(left, fmt.Sprintf("%d of bisect, repro and the like (--all)", l.Steps))
	}
	if len(left) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(out, "not shown: %s\n", strings.Join(left, ", "))
	return err
}
