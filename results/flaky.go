package results

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Unsteady is a cell that did not come to the same in every run that had it.
type Unsteady struct {
	CellKey
	Runs int            // runs that had the cell
	Came map[string]int // verdict and outcome, e.g. "fail live", to how often
}

// Steadiness compares the cells of several runs by verdict and outcome. It
// returns how many cells there were in at least two of them, and those that
// differ, the most divided first.
func Steadiness(runs [][]Cell) (compared int, unsteady []Unsteady) {
	all := map[CellKey]*Unsteady{}
	for _, cells := range runs {
		for i := range cells {
			c := &cells[i]
			u := all[c.CellKey]
			if u == nil {
				u = &Unsteady{CellKey: c.CellKey, Came: map[string]int{}}
				all[c.CellKey] = u
			}
			u.Runs++
			u.Came[strings.TrimSpace(string(c.Verdict)+" "+string(c.Outcome))]++
		}
	}
	for _, u := range all {
		if u.Runs > 1 {
			compared++
		}
		if len(u.Came) > 1 {
			unsteady = append(unsteady, *u)
		}
	}
	slices.SortFunc(unsteady, func(a, b Unsteady) int {
		return cmp.Or(a.most()*b.Runs-b.most()*a.Runs, compareReleases(a.Kernel, b.Kernel), compareNatural(a.FS, b.FS), compareNatural(a.Test, b.Test))
	})
	return compared, unsteady
}

// most is how often the most frequent answer came.
func (u Unsteady) most() int { return slices.Max(slices.Collect(maps.Values(u.Came))) }

// WriteSteadiness lists the cells that differ between runs.
func WriteSteadiness(w io.Writer, runs [][]Cell) error {
	b := new(bytes.Buffer)
	compared, unsteady := Steadiness(runs)
	for _, u := range unsteady {
		var parts []string
		for _, what := range slices.SortedFunc(maps.Keys(u.Came), func(x, y string) int {
			return cmp.Or(u.Came[y]-u.Came[x], strings.Compare(x, y))
		}) {
			parts = append(parts, fmt.Sprintf("%d/%d %s", u.Came[what], u.Runs, what))
		}
		fmt.Fprintf(b, "%s: %s\n", CleanLine(u.CellKey.String()), CleanLine(strings.Join(parts, ", ")))
	}
	fmt.Fprintf(b, "%s in %s: %d came to different things\n", plural(compared, "cell"), plural(len(runs), "run"), len(unsteady))
	_, err := b.WriteTo(w)
	return err
}
