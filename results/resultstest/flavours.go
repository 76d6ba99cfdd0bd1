package resultstest

import (
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// FlavourKernels are the releases of FlavourCells in the order of reports: two
// architectures, and one of them with pages of two sizes.
var FlavourKernels = []string{"6.1.0-56-cloud-amd64", "6.12.117+deb13-cloud-amd64", "6.1.0-56-cloud-arm64", "6.12.117+deb13-cloud-arm64",
	"6.12.116+deb13-arm64-16k", "6.12.117+deb13-arm64-16k"}

// FlavourCells are the cells of a run on kernels of several flavours. TestWrite
// passes everywhere; TestPunchHole has a violation on 6.12 of cloud-amd64, and from
// 6.12.117 on of arm64-16k; TestAppend has one on every kernel of arm64-16k only.
func FlavourCells() []results.Cell {
	var cells []results.Cell
	for _, kernel := range FlavourKernels {
		for _, fs := range []string{"ext4", "xfs"} {
			for _, test := range []string{"splice.TestWrite/small", "splice.TestPunchHole/small", "splice.TestAppend"} {
				a := Attempt(results.CellKey{Kernel: kernel, FS: fs, Test: test}, 1, outcome.Pass, outcome.Snapshot)
				is := ContainsAll(a.CellKey)
				if is("TestPunchHole", "6.12.117", "cloud-amd64") || is("TestPunchHole", "6.12.117", "arm64-16k") || is("TestAppend", "arm64-16k") {
					a.Verdict, a.Outcome = outcome.Fail, outcome.PhantomZero
				}
				cells = append(cells, results.FromAttempts([]results.Attempt{a}))
			}
		}
	}
	results.Sort(cells)
	return cells
}
