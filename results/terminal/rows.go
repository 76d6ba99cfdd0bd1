package terminal

import (
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
// their test, or one row if they agree in every column. If fold is set, rows that
// are the same on every filesystem are not among the rows but among the folds.
func (m *matrix) makeRows(tests []string, fold bool) (corner string, rows []row, folds []fold) {
	bySuite := runsOf(tests, func(t string) string { return t[:suiteEnd(t)] })
	for _, suite := range bySuite {
		prefix := commonPrefix(suite)
		if len(bySuite) == 1 {
			corner = ellipsis(prefix)
		}
		var own []row
		for _, group := range runsOf(suite, parent) {
			of := len(group)
			if fold {
				skip := 0
				if len(bySuite) == 1 {
					skip = len(prefix)
				}
				group = m.foldGroup(group, skip, &folds)
			}
			if len(group) > 0 {
				own = append(own, m.groupRows(group, of, len(prefix))...)
			}
		}
		if len(bySuite) > 1 && prefix != "" && len(own) > 0 {
			rows = append(rows, row{label: sanitize.Line(ellipsis(prefix))})
		}
		rows = append(rows, own...)
	}
	return sanitize.Line(corner), rows, folds
}

// groupRows makes the rows of one test and its subtests: those of them that are
// not folded.
func (m *matrix) groupRows(tests []string, of, skip int) []row {
	name := parent(tests[0])
	if len(tests) > 1 && !m.o.Full && sameResults(tests, m.grid) {
		return []row{{foldName(tests, of, skip), m.grid[tests[0]]}}
	}
	if len(tests) <= 2 {
		var rows []row
		for _, t := range tests {
			rows = append(rows, row{sanitize.Line(t[skip:]), m.grid[t]})
		}
		return rows
	}
	rows := []row{{label: sanitize.Line(name[skip:])}}
	for _, t := range tests {
		if t == name { // itself a cell, besides its subtests
			rows[0].cells = m.grid[t]
			continue
		}
		rows = append(rows, row{"  " + sanitize.Line(t[len(name)+1:]), m.grid[t]})
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
