package page

import (
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
)

// FlakyCells are the cells whose results differ between runs.
type FlakyCells struct {
	Runs     int         `json:"runs"`
	Compared int         `json:"compared"` // cells with more than one result
	Cells    []FlakyCell `json:"cells"`    // the least consistent first
	LeftOut  int         `json:"left_out"` // more of them
}

// FlakyCell is a cell whose results differ.
type FlakyCell struct {
	results.CellKey
	Flaky   bool           `json:"flaky"` // it went back and forth; false: it changed once
	Runs    int            `json:"runs"`
	Rate    Rate           `json:"rate"`
	Results map[string]int `json:"results"` // attempts by verdict and outcome
}

// NewFlakyCells is the document of cells whose results differ; at most top of
// them if that is not 0.
func NewFlakyCells(s *history.Steadiness, top int) FlakyCells {
	compared, unsteady := s.Cells()
	d := FlakyCells{Runs: s.Runs(), Compared: compared, Cells: []FlakyCell{}}
	for i := range unsteady {
		if top > 0 && i == top {
			d.LeftOut = len(unsteady) - top
			break
		}
		u := &unsteady[i]
		one := FlakyCell{CellKey: results.SafeKey(u.CellKey), Flaky: u.Flaky(), Runs: u.Runs, Rate: newRate(u.Rate), Results: map[string]int{}}
		for result, n := range u.Came {
			one.Results[sanitize.Line(result)] += n
		}
		d.Cells = append(d.Cells, one)
	}
	return d
}
