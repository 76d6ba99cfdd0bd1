package findings

import "github.com/splicelab/splicelab/results"

// Document is the document of "results findings".
type Document struct {
	Runs []Source `json:"runs"`
	// Violations are those of all cells that are used.
	Violations []Violation `json:"violations"`
	Platforms  Platforms   `json:"platforms"`
}

// Source is a run whose findings are described.
type Source struct {
	Run     string `json:"run"`
	Cells   int    `json:"cells"`   // that are used: of a cell that several runs have, the first of them is
	Problem string `json:"problem"` // why the run cannot be trusted; empty: it can
}

// NewDocument is the document of runs.
func NewDocument(r Runs) Document {
	d := Document{Runs: []Source{}, Platforms: ComparePlatforms(r.Cells)}
	for i, run := range r.Runs {
		d.Runs = append(d.Runs, Source{Run: run.ID, Cells: r.Used[i], Problem: run.Problem})
	}
	d.Violations = Violations(results.Run{}, r.Cells)
	for i := range d.Violations {
		// Seed and policy are those of the run that the example is from.
		v := &d.Violations[i]
		v.Command = results.RepeatCommand(r.Of(v.Example), v.Example)
	}
	return d
}
