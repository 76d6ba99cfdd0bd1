package terminal

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
)

// mostBar is how wide the bar of the run with the most violations is.
const mostBar = 24

// WriteTrend writes the violations and deviations of a series of runs, oldest
// first, each with a bar beside the number.
func WriteTrend(w io.Writer, of results.Selected, points []compare.TrendPoint, o Options) error {
	o.Width = o.width()
	b := new(bytes.Buffer)
	var words []string
	if of.Tests != "" {
		words = append(words, cut(sanitize.Line(of.Tests), maxWord))
	}
	if len(of.Filesystems) > 0 {
		words = append(words, "on "+sanitize.Line(strings.Join(of.Filesystems, ", ")))
	}
	title := "trend of " + plural(len(points), "run")
	if len(words) > 0 {
		title += ":"
	}
	writeWrapped(b, "", append([]string{title}, words...), " ", o.Width)
	const head = "started (UTC)      cells  deviate  new  fixed  violations"
	b.WriteString("\n" + head + "\n")
	most := 0
	for _, p := range points {
		most = max(most, p.Violations)
	}
	for _, p := range points {
		began, ended := "-", "-" // nothing to compare with
		if p.Compared > 0 {
			began, ended = fmt.Sprint(p.New), fmt.Sprint(p.Fixed)
		}
		if p.New > 0 {
			began = paint(o.Color, classColour(outcome.Violates), began)
		}
		line := fmt.Sprintf("%s  %6d %s  %s  %s  ", p.Started.UTC().Format("2006-01-02 15:04"), p.Cells,
			right(paint(o.Color, classColour(outcome.Deviates), fmt.Sprint(p.Deviations)), 8), right(began, 3), right(ended, 5))
		number := fmt.Sprintf("%4d ", p.Violations)
		if room := min(mostBar, o.Width-visible(line)-len(number)); room > 0 && p.Violations > 0 {
			number += strings.Repeat("█", max(1, p.Violations*room/most))
		}
		b.WriteString(line + paint(o.Color, classColour(outcome.Violates), strings.TrimRight(number, " ")) + "\n")
	}
	_, err := b.WriteTo(w)
	return err
}

// right pads s, which may be coloured, on its left.
func right(s string, width int) string {
	return strings.Repeat(" ", max(0, width-visible(s))) + s
}
