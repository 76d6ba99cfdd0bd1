package findings

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
)

// tally counts the rows of a comparison.
type tally struct {
	*Comparison
	different []history.MapRow
	skips     map[skip]int
}

// skip is the kernels that skip a cell, an "s" for each, and the reason.
type skip struct{ kernels, reason string }

func (t *tally) count(r *history.MapRow) {
	missing, skipped, flaky := 0, 0, false
	shown, differs := "", false
	for i, c := range r.Cells {
		switch {
		case c == nil:
			missing++
			t.Kernels[i].Missing++
		case c.Verdict == outcome.Skip:
			skipped++
		default:
			flaky = flaky || c.Flaky != ""
			differs = differs || shown != "" && shown != history.Shown(c)
			shown = history.Shown(c)
		}
	}
	if differs {
		t.different = append(t.different, *r)
		if flaky {
			t.Flaky++
		}
	}
	if missing > 0 {
		t.Incomplete++
		if differs {
			t.IncompleteDifferent++
		}
		return
	}
	t.Common++
	switch {
	case differs:
		t.Different++
	case skipped == 0:
		t.Same++
	case skipped == len(r.Cells):
		t.Same++
		t.Skipped++
	default:
		t.PartlySkipped++
		t.skips[skipOf(r)]++
	}
}

func skipOf(r *history.MapRow) skip {
	var by skip
	for _, c := range r.Cells {
		if c.Verdict != outcome.Skip {
			by.kernels += "-"
			continue
		}
		if !strings.Contains(by.kernels, "s") {
			by.reason = c.Detail
		}
		by.kernels += "s"
	}
	return by
}

// finish lists what was counted. Rows that differ are folded as in the map of
// kernels.
func (t *tally) finish() {
	slices.SortFunc(t.different, func(a, b history.MapRow) int {
		return cmp.Or(results.CompareNatural(a.Test, b.Test), results.CompareNatural(a.FS, b.FS))
	})
	for _, g := range (history.KernelMap{Rows: t.different}).Groups() {
		d := Difference{Tests: g.Tests, Filesystems: g.Filesystems, Results: make([]string, len(g.Cells))}
		for i, c := range g.Cells {
			if c != nil {
				d.Results[i] = history.Shown(c)
			}
		}
		t.Differences = append(t.Differences, d)
	}
	for _, by := range slices.SortedFunc(maps.Keys(t.skips), func(a, b skip) int {
		return cmp.Or(t.skips[b]-t.skips[a], strings.Compare(a.reason, b.reason), strings.Compare(a.kernels, b.kernels))
	}) {
		s := SkipReason{Reason: by.reason, Cells: t.skips[by]}
		for i, mark := range by.kernels {
			if mark == 's' {
				s.Kernels = append(s.Kernels, t.Kernels[i].Release)
			}
		}
		t.Skips = append(t.Skips, s)
	}
}
