package terminal_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/resultstest"
	"github.com/splicelab/splicelab/results/terminal"
)

func TestTrend(t *testing.T) {
	points := []compare.TrendPoint{
		{Run: "a", Started: resultstest.T0, Cells: 380, Violations: 9, Deviations: 153},
		{Run: "b", Started: resultstest.T0.Add(24 * time.Hour), Cells: 380, Violations: 12, Deviations: 150, TrendChange: compare.TrendChange{New: 4, Fixed: 1, Compared: 380}},
		{Run: "c", Started: resultstest.T0.Add(48 * time.Hour), Cells: 380, TrendChange: compare.TrendChange{Compared: 379}},
		{Run: "d", Started: resultstest.T0.Add(72 * time.Hour), Cells: 1},
	}
	of := results.Selected{Filesystems: []string{"ext4", "xfs"}, Tests: "quick cells"}
	draw := func(o terminal.Options) string {
		var b bytes.Buffer
		if err := terminal.WriteTrend(&b, of, points, o); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	const want = `trend of 4 runs: quick cells on ext4, xfs

started (UTC)      cells  deviate  new  fixed  violations
2026-11-23 19:14     380      153    -      -     9 ██████████████████
2026-11-24 19:14     380      150    4      1    12 ████████████████████████
2026-11-25 19:14     380        0    0      0     0
2026-11-26 19:14       1        0    -      -     0
`
	if got := draw(terminal.Options{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// A narrow screen has no room for bars, and colours add nothing but colours.
	for line := range strings.Lines(draw(terminal.Options{Width: 60})) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 60 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	coloured := draw(terminal.Options{Color: true})
	if !strings.Contains(coloured, "\x1b[1;31m") || len(coloured) <= len(want) {
		t.Errorf("no violation is red: %q", coloured)
	}
}
