package page

import (
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results"
)

// Times is how the time of a run was spent.
type Times struct {
	Phases []PhaseText `json:"phases"` // without the queue
	Rows   []TimeRow   `json:"rows"`   // none if it was not stored
}

// PhaseText describes a phase.
type PhaseText struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

// TimeRow is the time spent on one kernel and filesystem.
type TimeRow struct {
	Kernel  string     `json:"kernel"`
	FS      string     `json:"fs"`
	TotalMS float64    `json:"total_ms"`
	Phases  []TimeUsed `json:"phases"` // one per entry of Times.Phases
}

// TimeUsed is the time that all attempts spent in a phase.
type TimeUsed struct {
	Attempts int     `json:"attempts"` // that spent any time in it
	SumMS    float64 `json:"sum_ms"`
	MedianMS float64 `json:"median_ms"` // of one attempt
}

// NewTimes adds up how the time of cells was spent. The cells must be in the
// order of reports.
func NewTimes(cells []results.Cell) Times {
	doc := Times{Phases: []PhaseText{}, Rows: []TimeRow{}}
	for _, p := range results.Phases[1:] {
		doc.Phases = append(doc.Phases, PhaseText{p.Name, p.Doc})
	}
	for len(cells) > 0 {
		n := 1
		for n < len(cells) && cells[n].Kernel == cells[0].Kernel && cells[n].FS == cells[0].FS {
			n++
		}
		if use := results.UseOfTime(cells[:n]); use.Attempts > 0 {
			row := TimeRow{Kernel: sanitize.Line(cells[0].Kernel), FS: sanitize.Line(cells[0].FS), TotalMS: milliseconds(use.Sum)}
			for _, p := range use.Phases[1:] {
				row.Phases = append(row.Phases, TimeUsed{p.N, milliseconds(p.Sum), milliseconds(p.Median)})
			}
			doc.Rows = append(doc.Rows, row)
		}
		cells = cells[n:]
	}
	return doc
}

// milliseconds is d in ms, rounded to a tenth.
func milliseconds(d time.Duration) float64 {
	return float64(d.Round(100*time.Microsecond)) / float64(time.Millisecond)
}
