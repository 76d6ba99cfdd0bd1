package history_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
)

// TestMapGroups: subtests and filesystems that are alike are one group, and what
// changes or violates comes first.
func TestMapGroups(t *testing.T) {
	kernels := []history.MapKernel{{Release: "6.1.1", Series: "6.1"}, {Release: "6.12.1", Series: "6.12"}}
	var cells []results.Cell
	add := func(test, fs, outcomes string) {
		of := map[byte]outcome.Outcome{'S': outcome.Snapshot, 'L': outcome.Live, 'F': outcome.Foreign}
		for i := range len(outcomes) {
			c := results.Cell{Attempt: results.Attempt{CellKey: results.CellKey{Kernel: kernels[i].Release, FS: fs, Test: test}, Kind: outcome.Characterisation}}
			switch o := of[outcomes[i]]; o {
			case outcome.None:
				c.Verdict = outcome.Skip
			default:
				c.Outcome, c.Verdict = o, outcome.Pass.Under(outcome.PolicyAlias, c.Kind, o)
			}
			cells = append(cells, c)
		}
	}
	for _, fs := range []string{"ext4", "xfs"} {
		add("s.TestA/one", fs, "SS")
		add("s.TestA/two", fs, "SS")
		add("s.TestB/one", fs, "SL")
		add("s.TestSkipped", fs, "--")
	}
	add("s.TestA/only", "ext4", "SS") // not the same subtests on each filesystem
	add("s.TestB/two", "xfs", "SL")
	add("s.TestC", "xfs", "FF")
	add("s.TestD", "xfs", "SF")
	var got []string
	for _, g := range history.NewKernelMap(kernels, cells).Groups() {
		got = append(got, fmt.Sprint(g.Tests, g.Filesystems, len(g.Changes)))
	}
	want := []string{
		"[s.TestD] [xfs] 1",
		"[s.TestB/one] [ext4] 1",
		"[s.TestB/one s.TestB/two] [xfs] 1",
		"[s.TestC] [xfs] 0",
		"[s.TestA/one s.TestA/only s.TestA/two] [ext4] 0",
		"[s.TestA/one s.TestA/two] [xfs] 0",
		"[s.TestSkipped] [ext4 xfs] 0",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
