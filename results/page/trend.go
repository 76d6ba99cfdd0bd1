package page

import (
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results/compare"
)

// Trend is how the numbers of violations and deviations changed from run to run.
type Trend struct {
	Runs    []TrendRun `json:"runs"`    // complete ones that tested the same, oldest first
	Nightly bool       `json:"nightly"` // only those of splicelab nightly; else there are fewer than two of these
}

// TrendRun is one run in a trend. Its numbers do not depend on its policy.
type TrendRun struct {
	ID         string `json:"id"`
	Started    string `json:"started"` // RFC 3339
	Cells      int    `json:"cells"`
	Violations int    `json:"violations"` // cells
	Deviations int    `json:"deviations"` // cells
	compare.TrendChange
}

// NewTrend is the document of a trend.
func NewTrend(points []compare.TrendPoint, nightly bool) Trend {
	t := Trend{Runs: make([]TrendRun, 0, len(points)), Nightly: nightly}
	for _, p := range points {
		t.Runs = append(t.Runs, TrendRun{
			ID: sanitize.Line(p.Run), Started: rfc3339(p.Started), Cells: p.Cells, Violations: p.Violations, Deviations: p.Deviations, TrendChange: p.TrendChange,
		})
	}
	return t
}
