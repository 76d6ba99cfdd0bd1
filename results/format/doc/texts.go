package doc

import (
	"fmt"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Limits of guest texts in one document: 16 MiB keeps a JUnit file below
// GitLab's limit of 30 MB.
const (
	MaxTexts = 16 << 20 // bytes
	maxReads = 5000     // cells whose attempts are read
)

// Texts are the attempts at cells with their output and kernel log.
type Texts struct {
	attempts map[results.CellKey][]results.Attempt
	leftOut  map[results.CellKey]bool // some text exceeded the limit
}

// ReadTexts reads the guests' texts, up to MaxTexts in total: first of cells
// that need attention, then of the others that want selects.
func (d Document) ReadTexts(room int, want func(*results.Cell) bool) (Texts, error) {
	t := Texts{map[results.CellKey][]results.Attempt{}, map[results.CellKey]bool{}}
	if d.Attempts == nil {
		return t, nil
	}
	reads := maxReads
	for _, second := range []bool{false, true} {
		for i := range d.Cells {
			c := &d.Cells[i]
			if AsExpected(c) != second || !want(c) {
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

// Of returns output and kernel log of one attempt.
func (t Texts) Of(key results.CellKey, n int) (output, console string) {
	for _, a := range t.attempts[key] {
		if a.N == n {
			return a.Output, a.Console
		}
	}
	return "", ""
}

// LeftOut reports whether a text of a cell exceeded the limit.
func (t Texts) LeftOut(key results.CellKey) bool { return t.leftOut[key] }

// Size is the sum of all texts, in bytes.
func (t Texts) Size() (n int) {
	for _, attempts := range t.attempts {
		for _, a := range attempts {
			n += len(a.Output) + len(a.Console)
		}
	}
	return n
}

// Everything selects all cells.
func Everything(*results.Cell) bool { return true }

// Trouble selects cells that did not just pass or skip.
func Trouble(c *results.Cell) bool {
	return c.Verdict.Bad() || c.Verdict == outcome.Infra || !AsExpected(c)
}
