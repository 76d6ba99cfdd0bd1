package results

import "github.com/splicelab/splicelab/outcome"

// RunSummary is a run with the number of its cells by result.
type RunSummary struct {
	Run
	Tally
	Running bool // it has not finished, and a process holds its lock
}

// Tally counts cells by result, under the policy of the run.
type Tally struct {
	Cells    int                     `json:"cells"`
	Verdicts map[outcome.Verdict]int `json:"verdicts"`
	Outcomes map[outcome.Outcome]int `json:"outcomes"`
	Classes  map[outcome.Class]int   `json:"classes"`
	Flaky    int                     `json:"flaky"`
	// XFail and XPass are counted in Verdicts too. A stored tally has none:
	// expectations are applied when a run is read.
	XFail int `json:"expected_fail"`
	XPass int `json:"unexpected_pass"`
}

// Count counts cells.
func Count(cells []Cell) Tally {
	t := Tally{Verdicts: map[outcome.Verdict]int{}, Outcomes: map[outcome.Outcome]int{}, Classes: map[outcome.Class]int{}}
	for i := range cells {
		t.Add(&cells[i])
	}
	return t
}

// Add counts one more cell. t is from Count.
func (t *Tally) Add(c *Cell) {
	t.Cells++
	t.Verdicts[c.Verdict]++
	t.Classes[c.Class()]++
	if c.Outcome != outcome.None {
		t.Outcomes[c.Outcome]++
	}
	if c.Flaky != "" {
		t.Flaky++
	}
	switch c.Expected {
	case XFail:
		t.XFail++
	case XPass:
		t.XPass++
	}
}

// Bad is the number of cells that make the run fail.
func (t Tally) Bad() int {
	n := -t.XFail
	for v, k := range t.Verdicts {
		if v.Bad() {
			n += k
		}
	}
	return n
}
