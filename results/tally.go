package results

import "github.com/splicelab/splicelab/outcome"

// RunSummary is a run with what its cells came to.
type RunSummary struct {
	Run
	Tally
	Running bool // it has not finished, and a process is at it
}

// Tally counts cells, under the policy that the run was made with.
type Tally struct {
	Cells    int                     `json:"cells"`
	Verdicts map[outcome.Verdict]int `json:"verdicts"`
	Outcomes map[outcome.Outcome]int `json:"outcomes"`
	Flaky    int                     `json:"flaky"`
	// How many of them stand otherwise to what the user expects than their
	// verdict says. A stored tally knows no expectations.
	XFail   int `json:"expected_fail"`
	XPass int `json:"unexpected_pass"`
}

// Count counts cells.
func Count(cells []Cell) Tally {
	t := Tally{Cells: len(cells), Verdicts: map[outcome.Verdict]int{}, Outcomes: map[outcome.Outcome]int{}}
	for i := range cells {
		t.Verdicts[cells[i].Verdict]++
		if cells[i].Outcome != outcome.None {
			t.Outcomes[cells[i].Outcome]++
		}
		if cells[i].Flaky != "" {
			t.Flaky++
		}
		switch cells[i].Expected {
		case XFail:
			t.XFail++
		case XPass:
			t.XPass++
		}
	}
	return t
}

// Bad is how many cells make the run fail.
func (t Tally) Bad() int {
	n := -t.XFail
	for v, k := range t.Verdicts {
		if v.Bad() {
			n += k
		}
	}
	return n
}
