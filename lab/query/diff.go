package query

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/store"
)

// Comparison is two runs, or two kernels, and what changed from one to the
// other.
type Comparison struct {
	Before, After session.Stored
	compare.Difference
}

// Compare reads two runs or two kernels, and distinguishes regressions from
// flakes by the depth newest runs up to the earlier one. policy, if not empty,
// replaces that of the runs. Subjects without a cell in common are an error of
// the user.
func Compare(ctx context.Context, s session.Settings, store *store.Store, before, after, policy string, depth int) (Comparison, error) {
	old, newer, err := history.FindSubjects(ctx, store, before, after)
	if err != nil {
		return Comparison{}, err
	}
	if (old.Kernel == "") != (newer.Kernel == "") {
		return Comparison{}, input.Errorf("%s and %s: compare two runs or two kernels, not one with the other", before, after)
	}
	if policy == "" && (old.Run.Policy != newer.Run.Policy || len(old.Runs)+len(newer.Runs) > 0) {
		// Verdicts under two policies are not comparable.
		policy = string(newer.Run.Policy)
		if _, err := outcome.ParsePolicy(policy); err != nil { // of another version
			policy = string(outcome.DefaultPolicy)
		}
	}
	var c Comparison
	if c.Before, err = readSubject(ctx, s, store, old, policy); err != nil {
		return Comparison{}, err
	}
	if c.After, err = readSubject(ctx, s, store, newer, policy); err != nil {
		return Comparison{}, err
	}
	if old.Kernel == "" {
		c.Difference = compare.Diff(c.Before.Cells, c.After.Cells)
	} else {
		c.Difference = compare.DiffKernels(c.Before.Cells, c.After.Cells)
		c.Kernels = [2]string{old.Kernel, newer.Kernel}
		c.Runs = [2][]string{ids(old.Runs), ids(newer.Runs)}
	}
	c.Unfinished(pending(old), pending(newer), len(c.Before.Cells), len(c.After.Cells))
	if c.Disjoint() {
		return Comparison{}, input.Errorf("%s (%s) and %s (%s) have no cell in common: name others, see splicelab results list",
			before, extent(old, c.Before), after, extent(newer, c.After))
	}
	return c, s.Assess(ctx, store, old.Run, c.After.Policy, depth, &c.Difference)
}

// pending is the run of a subject whose missing cells have not run yet. A kernel
// that was read from all runs, or from one of several kernels of a run, is
// compared with what it has.
func pending(of history.Subject) results.Run {
	r := of.Run
	r.Pending = r.Pending && of.Kernel == ""
	return r
}

func ids(runs []results.Run) (ids []string) {
	for _, r := range runs {
		ids = append(ids, r.ID)
	}
	return ids
}

// extent says which cells a subject has.
func extent(of history.Subject, s session.Stored) string {
	name := "run " + s.ID
	if of.Kernel != "" {
		name += ", kernel " + of.Kernel
	}
	if len(s.Cells) == 0 {
		if s.Pending {
			return name + ": no cell has run yet"
		}
		return name + ": no cells"
	}
	return fmt.Sprintf("%s: %s of %s", name, text.Count(len(s.Cells), "cell"), extentOf(s.Cells))
}

// extentOf names the kernels and filesystems of cells.
func extentOf(cells []results.Cell) string {
	seen := map[string]bool{}
	var filesystems []string
	for i := range cells {
		if fs := cells[i].FS; !seen[fs] {
			seen[fs] = true
			filesystems = append(filesystems, fs)
		}
	}
	slices.Sort(filesystems)
	return few(results.ReleaseNames(results.Releases(cells))) + " on " + few(filesystems)
}

// few names some of a list.
func few(names []string) string {
	const most = 3
	if more := len(names) - most; more > 0 {
		names = append(slices.Clone(names[:most]), fmt.Sprintf("%d more", more))
	}
	return sanitize.Line(strings.Join(names, ", "))
}

// readSubject reads the cells of a run, or those of a kernel.
func readSubject(ctx context.Context, s session.Settings, store *store.Store, subject history.Subject, policy string) (session.Stored, error) {
	if subject.Runs != nil {
		p, err := outcome.ParsePolicy(policy)
		if err != nil {
			return session.Stored{}, input.Optionf("policy", "%s", err)
		}
		read := session.Stored{Run: subject.Run, Cells: results.Show(subject.Cells, p)}
		read.Policy = p
		return s.Judge(read)
	}
	run, err := s.ReadJudged(ctx, store, subject.Run.ID, policy)
	if err != nil || subject.Kernel == "" {
		return run, err
	}
	run.Cells = slices.DeleteFunc(run.Cells, func(c results.Cell) bool { return c.Kernel != subject.Kernel })
	return run, nil
}
