package terminal

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/resultstest"
)

// New cells that fail are listed up to a limit, of kernels that both runs have:
// what is on another kernel can be thousands of cells.
func TestNewFailing(t *testing.T) {
	cell := func(kernel, test string, v outcome.Verdict) results.Cell {
		return results.FromAttempts([]results.Attempt{resultstest.Attempt(results.CellKey{Kernel: kernel, FS: "xfs", Test: test}, 1, v, outcome.None)})
	}
	before := []results.Cell{cell("6.1.1", "s.TestOld", outcome.Pass)}
	after := []results.Cell{cell("6.1.1", "s.TestOld", outcome.Pass), cell("6.1.1", "s.TestPasses", outcome.Pass), cell("6.12.1", "s.TestElsewhere", outcome.Crash)}
	for i := range newFailing + 3 {
		after = append(after, cell("6.1.1", fmt.Sprint("s.TestCrash", i), outcome.Crash))
	}
	var b bytes.Buffer
	if err := WriteChanges(&b, compare.Diff(before, after), Options{}); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	if !strings.Contains(got, "\nnew cells that fail: 23\n") || strings.Count(got, "xfs s.TestCrash") != newFailing || !strings.Contains(got, "\n  and 3 more\n") {
		t.Errorf("not all are listed or counted:\n%s", got)
	}
	for _, name := range []string{"xfs s.TestPasses", "xfs s.TestElsewhere"} {
		if strings.Contains(got, name) {
			t.Errorf("%s is listed:\n%s", name, got)
		}
	}
}
