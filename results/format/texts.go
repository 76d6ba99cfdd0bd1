package format

import (
	"fmt"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Limits of the texts of guests in one document: 16 MiB keeps a JUnit file
// below the 30 MB that GitLab takes.
const (
	maxTexts = 16 << 20 // bytes
	maxReads = 5000     // cells whose attempts are read
)

// texts are the attempts at cells with what was printed at each.
type texts struct {
	attempts map[results.CellKey][]results.Attempt
	leftOut  map[results.CellKey]bool // there was no room for some text
}

// readTexts reads what the guests printed, first for what is not as it should
// be, then for the other cells that want says, as long as there is room.
func (d Document) readTexts(room int, want func(*results.Cell) bool) (texts, error) {
	t := texts{map[results.CellKey][]results.Attempt{}, map[results.CellKey]bool{}}
	if d.Attempts == nil {
		return t, nil
	}
	reads := maxReads
	for _, second := range []bool{false, true} {
		for i := range d.Cells {
			c := &d.Cells[i]
			if asExpected(c) != second || !want(c) {
				continue
			}
			if reads == 0 || room <= 0 {
				t.leftOut[c.CellKey] = true
				continue
			}
			reads--
			attempts, err := d.Attempts(c.CellKey)
			if err != nil {
				return t, fmt.Errorf("attempts at %s: %w", c.CellKey, err)
			}
			for _, a := range attempts {
				// A caller's attempts need not come from the store.
				a.Output, a.Console = sanitize.Bounded(a.Output, results.MaxText), sanitize.Bounded(a.Console, results.MaxText)
				if size := len(a.Output) + len(a.Console); size > room {
					a.Output, a.Console, t.leftOut[c.CellKey] = "", "", true
				} else {
					room -= size
				}
				t.attempts[c.CellKey] = append(t.attempts[c.CellKey], a)
			}
		}
	}
	return t, nil
}

// of returns what was printed at one attempt of a cell.
func (t texts) of(key results.CellKey, n int) (output, console string) {
	for _, a := range t.attempts[key] {
		if a.N == n {
			return a.Output, a.Console
		}
	}
	return "", ""
}

// everything wants the texts of all cells.
func everything(*results.Cell) bool { return true }

// trouble wants the texts of cells that did not simply pass or skip.
func trouble(c *results.Cell) bool {
	return c.Verdict.Bad() || c.Verdict == outcome.Infra || !asExpected(c)
}
