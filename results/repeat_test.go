package results_test

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestRepeatCommandQuotes(t *testing.T) {
	r := resultstest.Run("r", 0)
	r.Policy, r.Seed, r.Conditions = outcome.PolicySnapshot, 7, map[string]string{"cpus": "4"}
	got := results.RepeatCommand(r, results.CellKey{Kernel: "6.1.0-56", FS: "xfs", Test: "s.TestA/it's"})
	want := `splicelab run -k 6.1.0-56 -f xfs -t '^s\.TestA/it'\''s$' --policy snapshot --cpus 4 --seed 7`
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
