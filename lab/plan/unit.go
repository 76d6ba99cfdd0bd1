package plan

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/results"
)

// Unit is the cells of one kernel and one profile that run together: all of
// them where cells share a VM, a single one where they do not.
type Unit struct {
	Kernel  *Kernel
	Profile *images.Profile
	Tests   []Test
	Retry   bool // the cell failed, and runs once more
}

// Key is the key of one of the unit's cells.
func (u Unit) Key(t Test) results.CellKey { return Key(*u.Kernel, *u.Profile, t) }

// Spec names the unit's kernel and profile. Units with the same Spec share
// an image, a disk and templates.
func (u Unit) Spec() string { return u.Kernel.Release + " " + u.Profile.Name }

// Units splits the plan into units, the longest first, so that the run does not
// end with one long job. The cells of a kernel and a profile stay together
// because they share templates. expected has the durations of cells that ran
// before.
func (p *Plan) Units(i Isolation, expected map[results.CellKey]time.Duration) []Unit {
	type whole struct {
		Unit
		each []time.Duration // by test
		sum  time.Duration
	}
	var all []whole
	for k := range p.Kernels {
		for f := range p.Profiles {
			w := whole{Unit: Unit{Kernel: &p.Kernels[k], Profile: &p.Profiles[f], Tests: p.Tests}}
			w.each = make([]time.Duration, len(p.Tests))
			for t := range p.Tests {
				w.each[t] = expected[w.Key(p.Tests[t])]
				w.sum += w.each[t]
			}
			all = append(all, w)
		}
	}
	slices.SortStableFunc(all, func(a, b whole) int { return cmp.Compare(b.sum, a.sum) })
	var out []Unit
	for _, w := range all {
		if i == IsolationVM {
			out = append(out, slices.Repeat([]Unit{w.Unit}, max(p.Repeat, 1))...)
			continue
		}
		order := make([]int, len(p.Tests))
		for t := range order {
			order[t] = t
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(w.each[b], w.each[a]) })
		for _, t := range order {
			u := w.Unit
			u.Tests = p.Tests[t : t+1]
			out = append(out, slices.Repeat([]Unit{u}, p.repeat(i, p.Tests[t]))...)
		}
	}
	return out
}

// Retries are the additional attempts at failing cells, each a separate unit so
// that it gets a fresh VM. Those of a kernel and filesystem stay together.
func (p *Plan) Retries(due map[results.CellKey]int) []Unit {
	if len(due) == 0 {
		return nil
	}
	var out []Unit
	for k := range p.Kernels {
		for f := range p.Profiles {
			for t := range p.Tests {
				u := Unit{Kernel: &p.Kernels[k], Profile: &p.Profiles[f], Tests: p.Tests[t : t+1], Retry: true}
				out = append(out, slices.Repeat([]Unit{u}, due[u.Key(p.Tests[t])])...)
			}
		}
	}
	return out
}

// RunPattern is the -test.run expression that matches exactly these tests.
// Go's testing package splits alternatives before levels, so each test is one
// alternative, anchored at every level.
func RunPattern(tests ...Test) string {
	alts := make([]string, len(tests))
	for i, t := range tests {
		levels := strings.Split(t.GoName(), "/")
		for j, l := range levels {
			levels[j] = "^" + regexp.QuoteMeta(l) + "$"
		}
		alts[i] = strings.Join(levels, "/")
	}
	return strings.Join(alts, "|")
}
