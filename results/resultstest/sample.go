package resultstest

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

var (
	// Kernels are the releases of the sample, oldest first.
	Kernels = []string{"5.10.0-46-cloud-amd64", "6.1.0-56-cloud-amd64", "6.12.117+deb12-cloud-amd64",
		"6.18.15+deb13-cloud-amd64", "7.3.4+deb13-cloud-amd64"}
	sampleFilesystems = []string{"btrfs", "ext4", "tmpfs", "xfs"}
	sampleTests       = []string{
		"splice.TestOracleSelfTest",
		"splice.TestWrite/small-clean", "splice.TestWrite/small-dirty", "splice.TestWrite/large-clean", "splice.TestWrite/large-dirty",
		"splice.TestDirectWrite/small-clean", "splice.TestDirectWrite/large-clean",
		"splice.TestMmapStore/small-clean", "splice.TestMmapStore/small-dirty", "splice.TestMmapStore/large-clean",
		"splice.TestPunchHoleInPage/small-clean", "splice.TestPunchHoleInPage/large-clean", "splice.TestPunchHoleInPage/large-dirty",
		"splice.TestPunchHoleWholePage/small-clean", "splice.TestPunchHoleWholePage/large-clean",
		"splice.TestZeroRange/small-clean", "splice.TestZeroRange/large-clean",
		"splice.TestUmountWithAFullPipeAndThenReadTheContentOfThePipe",
		"splice.TestCountExact/odd#01", "splice.TestEOF",
	}
)

// Sample is a realistic run: outcomes differ by test, filesystem and kernel,
// and everything that can go wrong went wrong once.
func Sample() (results.Run, []results.Cell) {
	r := Run("20261123-191420-5123f9a", 0)
	r.Finished = r.Started.Add(4*time.Minute + 12*time.Second)
	r.Seed = 1
	r.Conditions = map[string]string{"qemu": "7.2.19", "splicelab": "v0.1.0"}
	var cells []results.Cell
	for _, k := range Kernels {
		for _, fs := range sampleFilesystems {
			for _, test := range sampleTests {
				cells = append(cells, sampleCell(results.CellKey{Kernel: k, FS: fs, Test: test}))
			}
		}
	}
	results.Sort(cells)
	r.Planned = len(cells) + 2
	return r, cells
}

func sampleCell(key results.CellKey) results.Cell {
	h := fnv.New32a()
	fmt.Fprint(h, key)
	a := results.Attempt{CellKey: key, N: 1, Kind: outcome.Characterisation, Duration: time.Duration(100+h.Sum32()%200) * time.Millisecond,
		Finished: T0, Covariates: map[string]string{"folio_order": "0", "dirty": "no"}}
	if strings.Contains(key.Test, "large") {
		a.Covariates["folio_order"] = "4"
	}
	is := ContainsAll(key)
	a.Verdict, a.Outcome, a.Detail = outcome.Fail, outcome.Live, "offset 0: generation 2, expected 1"
	switch {
	case is("xfs", "TestMmapStore/large", "6.18"):
		a.Verdict, a.Outcome, a.Detail = outcome.Crash, outcome.None, "general protection fault in iomap_page_mkwrite"
	case is("btrfs", "TestWrite/large-dirty", "7.3"):
		a.Verdict, a.Outcome, a.Detail = outcome.Hang, outcome.None, "no end after 30 s; blocked in folio_wait_bit_common"
	case is("tmpfs", "TestEOF", "6.1.0"):
		a.Verdict, a.Outcome, a.Detail = outcome.Infra, outcome.None, "QEMU could not be started: cannot allocate memory"
	case is("tmpfs", "ZeroRange"), is("tmpfs", "Direct", "5.10"), is("tmpfs", "Direct", "6.1.0"):
		a.Verdict, a.Outcome, a.Detail = outcome.Skip, outcome.None, "EOPNOTSUPP: not on tmpfs"
	case is("Oracle"), is("Umount"), is("Count"), is("EOF"):
		a.Kind, a.Verdict, a.Outcome, a.Detail = outcome.Invariant, outcome.Pass, outcome.None, ""
	case is("xfs", "PunchHoleInPage/large", "6.1"):
		a.Outcome, a.Detail = outcome.PhantomZero, "4096 bytes at 0 are zero, 1024 were punched"
	case is("PunchHoleInPage"), is("xfs", "large", "Punch"), is("xfs", "large", "Zero"):
		a.Outcome, a.Detail = outcome.Zeroed, "1024 bytes at 1024"
	case is("Direct", "ext4"), is("Direct", "xfs"), is("Zero"), is("Punch"):
		a.Verdict, a.Outcome, a.Detail = outcome.Pass, outcome.Snapshot, ""
	}
	attempts := []results.Attempt{a}
	if is("xfs", "TestEOF", "6.12") {
		first := a
		first.Verdict, first.Detail = outcome.Fail, "17 bytes behind the end"
		a.N = 2
		attempts = []results.Attempt{first, a}
	}
	return results.FromAttempts(attempts)
}

// ContainsAll reports whether the text of a key contains all parts.
func ContainsAll(key results.CellKey) func(parts ...string) bool {
	return func(parts ...string) bool {
		for _, p := range parts {
			if !strings.Contains(key.String(), p) {
				return false
			}
		}
		return true
	}
}

// Expected is a run with every combination of results and expectations.
func Expected() []results.Cell {
	key := func(fs, test string) results.CellKey {
		return results.CellKey{Kernel: "6.12.1", FS: fs, Test: "s.Test" + test}
	}
	cell := func(k results.CellKey, s results.Expected, v outcome.Verdict, o outcome.Outcome) results.Cell {
		c := results.FromAttempts([]results.Attempt{Attempt(k, 1, v, o)})
		c.Expected = s
		return c
	}
	return []results.Cell{
		cell(key("ext4", "A/one"), results.XFail, outcome.Fail, outcome.Live), cell(key("xfs", "A/one"), "", outcome.Pass, outcome.Snapshot),
		cell(key("ext4", "A/two"), "", outcome.Fail, outcome.Live), cell(key("xfs", "A/two"), "", outcome.Pass, outcome.Snapshot),
		cell(key("ext4", "B"), results.XFail, outcome.Crash, ""), cell(key("xfs", "B"), results.XFail, outcome.Hang, ""),
		cell(key("ext4", "C"), results.XPass, outcome.Pass, outcome.Snapshot), cell(key("xfs", "C"), "", outcome.Pass, outcome.Snapshot),
		cell(key("ext4", "D"), results.XFail, outcome.BootFail, ""), cell(key("xfs", "D"), results.XFail, outcome.Fail, ""),
	}
}

// VectorCells are cells of the policy test: an aliasing file, a copying
// source, one kernel where one filesystem differs, one cell that was skipped.
func VectorCells() []results.Cell {
	var cells []results.Cell
	add := func(kernel, fs, source, sink string, probes ...string) {
		a := Attempt(results.CellKey{Kernel: kernel, FS: fs, Test: "splice.TestPolicy/" + source + "-" + sink}, 1, outcome.Fail, outcome.Live)
		a.Covariates = map[string]string{"source": source, "sink": sink}
		for i, p := range probes {
			if p != "" {
				a.Covariates[fmt.Sprint("p", i+1)] = p
			}
		}
		cells = append(cells, results.FromAttempts([]results.Attempt{a}))
	}
	alias := []string{"live", "live", "zeroed", "yes", "same", "ok", "–", "snapshot"}
	for _, fs := range []string{"ext4", "xfs"} {
		add("6.12.117-cloud-amd64", fs, "file", "pipe", alias...)
		add("6.12.117-cloud-amd64", fs, "direct", "pipe", "snapshot", "snapshot", "snapshot", "yes", "same", "ok", "–", "snapshot")
	}
	add("7.3.4-cloud-amd64", "ext4", "file", "pipe", alias...)
	add("7.3.4-cloud-amd64", "xfs", "file", "pipe", "live", "live", "snapshot", "yes", "same", "ok", "–", "snapshot")
	add("7.3.4-cloud-amd64", "xfs", "file", "udp", "blocked", "", "blocked", "yes", "same")
	skipped := Attempt(results.CellKey{Kernel: "7.3.4-cloud-amd64", FS: "xfs", Test: "splice.TestPolicy/hugetlb-pipe"}, 1, outcome.Skip, outcome.None)
	skipped.Detail = "no huge pages \x1b[2J here"
	return append(cells, results.FromAttempts([]results.Attempt{skipped}), results.FromAttempts([]results.Attempt{
		Attempt(results.CellKey{Kernel: "7.3.4-cloud-amd64", FS: "xfs", Test: "splice.TestWrite/small"}, 1, outcome.Pass, outcome.Live)}))
}
