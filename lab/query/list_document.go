package query

import (
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// RunDocument is an entry of the document of "results list", with the names that
// the document of a run uses. Fields may be added, but are never renamed or
// missing.
type RunDocument struct {
	ID       string                  `json:"id"`
	Started  string                  `json:"started"`
	Finished string                  `json:"finished"` // empty: not finished
	Running  bool                    `json:"running"`  // a process holds the run's lock
	Pending  bool                    `json:"pending"`  // planned cells have not run
	TookMS   int64                   `json:"took_ms"`
	Policy   string                  `json:"policy"`
	Accel    string                  `json:"accel"`
	Seed     uint64                  `json:"seed"`
	Command  []string                `json:"command"`
	Origin   results.Origin          `json:"origin"`
	Kernels  []string                `json:"kernels"` // releases, those of a flavour together and oldest first
	FS       []string                `json:"filesystems"`
	Tests    string                  `json:"tests"` // in words
	Planned  int                     `json:"planned"`
	Cells    int                     `json:"cells"`
	Verdicts map[outcome.Verdict]int `json:"verdicts"`
	Classes  map[outcome.Class]int   `json:"classes"`
	Previous string                  `json:"previous"` // the last run before it of the same selection; empty: none
	Change   map[outcome.Class]int   `json:"change"`   // how many more cells of a class than in that
	Problem  string                  `json:"problem"`
	Marks    []string                `json:"marks"`
}

// Documents is the document of "results list".
func (l RunList) Documents() []RunDocument {
	list := make([]RunDocument, 0, len(l.Runs))
	for _, r := range l.Runs {
		one := RunDocument{
			ID: r.ID, Started: r.Started.Format(time.RFC3339), Running: r.Running, Pending: r.Pending, TookMS: r.Took().Milliseconds(),
			Policy: string(r.Policy), Accel: r.Accel, Seed: r.Seed, Command: append([]string{}, r.Command...),
			Origin: r.Origin, Kernels: []string{}, FS: append([]string{}, r.Selected.Filesystems...), Tests: r.Selected.Tests,
			Planned: r.Planned, Cells: r.Cells, Verdicts: r.Verdicts, Classes: r.Classes, Previous: r.Previous, Change: r.Change,
			Problem: r.Problem, Marks: append([]string{}, r.Marks...),
		}
		for _, k := range r.Kernels {
			one.Kernels = append(one.Kernels, k.Name)
		}
		if one.Change == nil {
			one.Change = map[outcome.Class]int{}
		}
		if !r.Finished.IsZero() {
			one.Finished = r.Finished.Format(time.RFC3339)
		}
		list = append(list, one)
	}
	return list
}
