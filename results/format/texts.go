package format

import (
	"fmt"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Limits of guest texts in one document: 16 MiB keeps a JUnit file below
// GitLab's limit of 30 MB.
const (
	maxTexts = 16 << 20 // bytes
	maxReads = 5000     // cells whose attempts are read
)

// texts are the attempts at cells with their output and kernel log.
type texts struct {
	attempts map[results.CellKey][]results.Attempt
	leftOut  map[results.CellKey]bool // some text exceeded the limit
}

// readTexts reads the guests' texts, up to maxTexts in total: first of cells
// that need attention, then of the others that want selects.
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

// of returns output and kernel log of one attempt.
func (t texts) of(key results.CellKey, n int) (output, console string) {
	for _, a := range t.attempts[key] {
		if a.N == n {
			return a.Output, a.Console
		}
	}
	return "", ""
}

// everything selects all cells.
func everything(*results.Cell) bool { return true }

// trouble selects cells that did not just pass or skip.
func trouble(c *results.Cell) bool {
	return c.Verdict.Bad() || c.Verdict == outcome.Infra || !asExpected(c)
}
