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
	"github.com/splicelab/splicelab/results/history"
)

// WriteSteadiness writes the cells whose results differ between runs or attempts,
// the worst first; at most limit of them if that is not 0.
func WriteSteadiness(w io.Writer, s *history.Steadiness, limit int) error {
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
			parts = append(parts, fmt.Sprintf("%d %s", u.Came[what], what))
		}
		rate := "failed " + u.Rate.String()
		if u.Rate.Attempts == 0 {
			rate = "never ran"
		}
		if !u.Flaky() {
			rate = "changed once, " + rate
		}
		fmt.Fprintf(b, "%s: %s: %s\n", sanitize.Line(u.CellKey.String()), rate, sanitize.Line(strings.Join(parts, ", ")))
	}
	if limit > 0 && len(unsteady) > limit {
		fmt.Fprintf(b, "… and %d more\n", len(unsteady)-limit)
	}
	fmt.Fprintf(b, "%s in %s: %d flaky, %d changed once\n", plural(compared, "cell"), plural(s.Runs(), "run"), flaky, len(unsteady)-flaky)
	_, err := b.WriteTo(w)
	return err
}
