package terminal

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results/history"
)

// WriteSteadiness writes the cells whose results differ between runs or attempts,
// the worst first; at most limit of them if that is not 0. Rates have their 95 %
// confidence intervals.
func WriteSteadiness(w io.Writer, s *history.Steadiness, limit int, o Options) error {
	o.Width = o.width()
	b := new(bytes.Buffer)
	compared, unsteady := s.Cells()
	flaky := 0
	for i := range unsteady {
		u := &unsteady[i]
		if u.Flaky() {
			flaky++
		}
		if limit > 0 && i >= limit {
			continue
		}
		var parts []string
		for _, what := range slices.SortedFunc(maps.Keys(u.Came), func(x, y string) int {
			return cmp.Or(u.Came[y]-u.Came[x], strings.Compare(x, y))
		}) {
			parts = append(parts, sanitize.Line(fmt.Sprintf("%d %s", u.Came[what], what)))
		}
		rate, colour := "failed "+u.Rate.String(), sgrFlaky
		if u.Rate.Attempts == 0 {
			rate = "never ran"
		}
		if !u.Flaky() {
			rate, colour = "changed once, "+rate, classColour(outcome.Deviates)
		}
		key, rate := sanitize.Line(u.CellKey.String())+":", paint(o.Color, colour, rate)+":"
		if one := key + " " + rate + " " + strings.Join(parts, ", "); visible(one) <= o.Width {
			b.WriteString(one + "\n")
			continue
		}
		writeWrapped(b, "", []string{sanitize.Line(u.Kernel), sanitize.Line(u.FS), sanitize.Line(u.Test) + ":"}, " ", o.Width)
		if visible("    "+rate+" "+strings.Join(parts, ", ")) <= o.Width {
			writeWrapped(b, "    "+rate+" ", parts, ", ", o.Width)
		} else {
			b.WriteString("    " + rate + "\n")
			writeWrapped(b, "    ", parts, ", ", o.Width)
		}
	}
	if limit > 0 && len(unsteady) > limit {
		fmt.Fprintf(b, "… and %d more\n", len(unsteady)-limit)
	}
	writeWrapped(b, fmt.Sprintf("%s in %s: ", plural(compared, "cell"), plural(s.Runs(), "run")),
		[]string{fmt.Sprintf("%d flaky", flaky), fmt.Sprintf("%d changed once", len(unsteady)-flaky), "intervals are 95 % CI"}, ", ", o.Width)
	_, err := b.WriteTo(w)
	return err
}
