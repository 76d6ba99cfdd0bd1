package schema_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/splicelab/splicelab/kernels/debian"
	"github.com/splicelab/splicelab/lab/bench"
	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/lab/bisect/drive"
	"github.com/splicelab/splicelab/lab/schema"
	"github.com/splicelab/splicelab/lab/schema/schematest"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/changes"
)

// Documents of what takes a VM to make; those of the other verbs are validated
// with the command line.
func TestValuesMatchSchemas(t *testing.T) {
	crash := results.Cell{Attempts: 1}
	crash.CellKey, crash.N, crash.Verdict, crash.Kind = results.CellKey{Kernel: "6.12.1", FS: "xfs", Test: "splice.TestA"}, 1, outcome.Crash, outcome.Invariant
	passed := crash
	passed.Verdict = outcome.Pass
	night := changes.Facts{Host: "lab1", Started: time.Now(), Finished: time.Now(), Run: results.Run{ID: "b", Started: time.Now()}, Before: results.Run{ID: "a"},
		Cells: []results.Cell{crash}, BeforeCells: []results.Cell{passed}, Missing: []changes.Missing{{Kernel: "6.18", Reason: "none"}}}
	commit := bisect.Commit{ID: "1234", Parents: []string{}}
	tally := bisect.Tally{}
	tally.Add(bisect.Seen{Verdict: outcome.Fail, Outcome: outcome.Live})
	for name, v := range map[string][]any{
		"changes": {changes.Compare(night).Document([]string{"report.html"}), changes.Compare(changes.Facts{}).Document(nil)},
		"bench": {bench.Report{}.Document(), bench.Report{Machine: []bench.Fact{{Name: "cores", Value: "2"}}, Sections: []bench.Section{
			{Title: "Cost", Rows: []bench.Row{{What: "a cell", Unit: bench.Seconds, Samples: []float64{0.2, 0.3}, Goal: 0.25}, {What: "vng", Note: "not on PATH"}}}}}.Document()},
		"bisect-packages": {drive.PackagesDocument{Between: []string{"6.1"}, Kernels: []drive.TriedKernel{{Kernel: "6.1", Seen: tally}},
			Changes: []debian.Change{{Version: "1", Lines: []string{"- xfs"}}}}},
		"bisect-commits": {drive.CommitsDocument{Candidates: []bisect.Commit{commit}, Steps: []drive.CommitStep{{Commit: commit, Seen: tally}}},
			drive.CommitsDocument{Commit: &commit, Candidates: []bisect.Commit{}, Steps: []drive.CommitStep{}}},
		"bisect-config": {drive.ConfigDocument{Options: []drive.Option{{Option: "CONFIG_X", Good: "y"}}, Needed: []string{}, Others: []string{}}},
	} {
		for _, one := range v {
			b, err := json.Marshal(one)
			if err != nil {
				t.Fatal(err)
			}
			schematest.Validate(t, name, b)
		}
	}
	if _, err := schema.Text("rus"); err == nil || err.Error() != `there is no schema "rus": did you mean run?` && err.Error() != `there is no schema "rus": did you mean runs?` {
		t.Errorf("an unknown name: %v", err)
	}
}
