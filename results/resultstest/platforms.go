package resultstest

import (
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// PlatformCells are cells of 6.12.117 in three flavours, of which cloud-amd64 has
// an older package, too, and of 6.12.118 in another one. Of the three,
//   - TestWrite is the same, and skipped on tmpfs;
//   - TestPunchHole has a violation on arm64-16k, in two subtests and on two
//     filesystems alike, in a third one on xfs only;
//   - TestFolio/2m is skipped by arm64-16k, and TestFolio/gift by both of arm64;
//   - TestAppend is flaky on cloud-arm64;
//   - TestMissing has no cell on cloud-arm64, and TestInfra no verdict on cloud-amd64.
func PlatformCells() []results.Cell {
	const deb12, amd, arm, pages, other = "6.12.117+deb12-cloud-amd64", "6.12.117+deb13-cloud-amd64", "6.12.117+deb13-cloud-arm64", "6.12.117+deb13-arm64-16k", "6.12.118+deb13-riscv64"
	var cells []results.Cell
	for _, kernel := range []string{deb12, amd, arm, pages, other} {
		add := func(fs, test string, verdict outcome.Verdict, o outcome.Outcome, detail string) *results.Cell {
			a := Attempt(results.CellKey{Kernel: kernel, FS: fs, Test: "splice." + test}, 1, verdict, o)
			a.Detail = detail
			cells = append(cells, results.FromAttempts([]results.Attempt{a}))
			return &cells[len(cells)-1]
		}
		pass := func(fs, test string) { add(fs, test, outcome.Pass, outcome.Snapshot, "") }
		for _, fs := range []string{"ext4", "xfs"} {
			pass(fs, "TestWrite/small")
			for _, test := range []string{"TestPunchHole/page", "TestPunchHole/folio", "TestPunchHole/tail"} {
				if kernel == pages && (test != "TestPunchHole/tail" || fs == "xfs") {
					add(fs, test, outcome.Fail, outcome.PhantomZero, "phantom-zero at 1024")
				} else {
					add(fs, test, outcome.Pass, outcome.Zeroed, "")
				}
			}
			if kernel == pages {
				add(fs, "TestFolio/2m", outcome.Skip, outcome.None, "a folio of 2 MiB | at 16 KiB")
			} else {
				pass(fs, "TestFolio/2m")
			}
		}
		add("tmpfs", "TestWrite/small", outcome.Skip, outcome.None, "not on tmpfs")
		switch kernel {
		case arm:
			add("xfs", "TestFolio/gift", outcome.Skip, outcome.None, "no such module")
			add("xfs", "TestAppend", outcome.Fail, outcome.Live, "").Flaky = "1/2"
			add("xfs", "TestInfra", outcome.Fail, outcome.Live, "")
		case pages:
			add("xfs", "TestFolio/gift", outcome.Skip, outcome.None, "no such module")
			pass("xfs", "TestAppend")
			pass("xfs", "TestMissing")
			pass("xfs", "TestInfra")
		default:
			pass("xfs", "TestFolio/gift")
			pass("xfs", "TestAppend")
			pass("xfs", "TestMissing")
			add("xfs", "TestInfra", outcome.Infra, outcome.None, "QEMU")
		}
	}
	results.Sort(cells)
	return cells
}
