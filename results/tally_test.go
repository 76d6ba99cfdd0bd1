package results_test

import (
	"testing"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestTallyOfExpected(t *testing.T) {
	if tally := results.Count(resultstest.Expected()); tally.Bad() != 1 || tally.XFail != 5 || tally.XPass != 1 {
		t.Errorf("%+v, bad: %d", tally, tally.Bad())
	}
}
