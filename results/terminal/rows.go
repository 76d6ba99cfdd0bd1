package terminal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results"
)

// row is a line of a matrix. A row without cells is a heading.
type row struct {
	label string
	cells []*results.Cell
}

// makeRows labels the rows of tests, which are in order. The suite and "Test"
// are written once, in the corner or in a heading per suite. Subtests are below
// their test, or one row if they agree in every column.
func makeRows(tests []string, grid map[string][]*results.Cell, full bool) (corner string, rows []row) {
	bySuite := runsOf(tests, func(t string) string { return t[:suiteEnd(t)] })
	for _, suite := range bySuite {
		prefix := commonPrefix(suite)
		if len(bySuite) == 1 {
			corner = ellipsis(prefix)
		} else if prefix != "" {
			rows = append(rows, row{label: sanitize.Line(ellipsis(prefix))})
		}
		for _, group := range runsOf(suite, parent) {
			rows = append(rows, groupRows(group, len(prefix), grid, full)...)
		}
	}
	return sanitize.Line(corner), rows
}

// groupRows makes the rows of one test and its subtests.
func groupRows(tests []string, skip int, grid map[string][]*results.Cell, full bool) []row {
	if len(tests) == 1 {
		return []row{{sanitize.Line(tests[0][skip:]), grid[tests[0]]}}
	}
	name := parent(tests[0])
	if !full && sameResults(tests, grid) {
		return []row{{fmt.Sprintf("%s (%d alike)", sanitize.Line(name[skip:]), len(tests)), grid[tests[0]]}}
	}
	rows := []row{{label: sanitize.Line(name[skip:])}}
	for _, t := range tests {
		if t == name { // itself a cell, besides its subtests
			rows[0].cells = grid[t]
			continue
		}
		rows = append(rows, row{"  " + sanitize.Line(t[len(name)+1:]), grid[t]})
	}
	return rows
}

// sameResults reports whether the rows of all tests are equal.
func sameResults(tests []string, grid map[string][]*results.Cell) bool {
	first := grid[tests[0]]
	for _, t := range tests[1:] {
		if !slices.EqualFunc(first, grid[t], func(a, b *results.Cell) bool {
			return a == nil && b == nil || a != nil && b != nil && mark(a) == mark(b) && a.Flaky == b.Flaky
		}) {
			return false
		}
	}
	return true
}

// runsOf splits names into runs of neighbours with the same key.
func runsOf(names []string, key func(string) string) [][]string {
	var runs [][]string
	for from := 0; from < len(names); {
		to := from + 1
		for to < len(names) && key(names[to]) == key(names[from]) {
			to++
		}
		runs = append(runs, names[from:to])
		from = to
	}
	return runs
}

// parent is the top-level test of a test's name.
func parent(test string) string {
	name, _, _ := strings.Cut(test, "/")
	return name
}

// suiteEnd is the length of "suite." in a test's name, 0 if it has none.
func suiteEnd(test string) int { return strings.LastIndexByte(parent(test), '.') + 1 }

// commonPrefix is "suite.Test", or "suite." if a name has no "Test" after it.
func commonPrefix(tests []string) string {
	suite := tests[0][:suiteEnd(tests[0])]
	for _, t := range tests {
		if name := parent(t)[len(suite):]; !strings.HasPrefix(name, "Test") || name == "Test" {
			return suite
		}
	}
	return suite + "Test"
}

func ellipsis(prefix string) string {
	if prefix == "" {
		return ""
	}
	return prefix + "…"
}
