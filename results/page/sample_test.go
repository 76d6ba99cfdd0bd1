package page

import (
	"context"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

var t0 = time.Date(2026, 11, 23, 20, 16, 19, 0, time.UTC)

func sampleRun(id string) results.Run {
	return results.Run{
		ID: id, Started: t0, Finished: t0.Add(4*time.Minute + 12*time.Second), Policy: outcome.PolicySnapshot, Accel: "tcg", Seed: 18446744073709551615,
		Command:    []string{"splicelab", "run", "-k", "5.10,6.12", "-t", "Punch|Write"},
		Conditions: map[string]string{"qemu": "7.2.19", "splicelab": "v0.1.0", "memory": "256 MiB", "cpus": "1", "kernel 6.12.117+deb12-cloud-amd64": "sha256:0123"},
	}
}

var (
	sampleKernels     = []string{"5.10.0-46-cloud-amd64", "6.1.0-56-cloud-amd64", "6.12.117+deb12-cloud-amd64", "6.18.15+deb13-cloud-amd64", "7.3.4+deb13-cloud-amd64"}
	sampleFilesystems = []string{"btrfs", "ext4", "tmpfs", "xfs"}
	sampleTests       = []string{
		"splice.TestCountExact/odd#01", "splice.TestDirectWrite/large-clean", "splice.TestDirectWrite/small-clean", "splice.TestEOF",
		"splice.TestMmapStore/large-clean", "splice.TestMmapStore/small-clean", "splice.TestMmapStore/small-dirty", "splice.TestOracleSelfTest",
		"splice.TestPolicy/file-pipe", "splice.TestPolicy/file-tee",
		"splice.TestPunchHoleInPage/large-clean", "splice.TestPunchHoleInPage/large-dirty", "splice.TestPunchHoleInPage/small-clean",
		"splice.TestPunchHolePage/large-clean", "splice.TestPunchHolePage/small-clean",
		"splice.TestUmountWithAFullPipeAndThenReadTheContentOfThePipe",
		"splice.TestWrite/large-clean", "splice.TestWrite/large-dirty", "splice.TestWrite/small-clean", "splice.TestWrite/small-dirty",
		"splice.TestZeroRange/large-clean", "splice.TestZeroRange/small-clean",
	}
)

// sampleFamily is what the suites would report.
func sampleFamily(test string) string {
	switch {
	case strings.Contains(test, "Count"), strings.Contains(test, "EOF"):
		return "A lengths and offsets"
	case strings.Contains(test, "Policy"), strings.Contains(test, "Oracle"):
		return "J policy and controls"
	case strings.Contains(test, "Umount"):
		return "D lifetime"
	}
	return "B mutation after the splice"
}

const sampleConsole = `EXT4-fs (vda): mounted filesystem with ordered data mode
general protection fault, probably for non-canonical address 0xdead000000000122: 0000 [#1] PREEMPT SMP NOPTI
CPU: 0 PID: 231 Comm: splice.test Not tainted 6.18.15+deb13-cloud-amd64 #1
RIP: 0010:iomap_page_mkwrite+0x4c/0x200
Call Trace:
 <TASK>
 xfs_filemap_fault+0x1f/0x40
 </TASK>
---[ end trace 0000000000000000 ]---
splicelab: the guest died`

const sampleOutput = `=== RUN   TestPunchHoleInPage/large-clean
    cell.go:142: wrong bytes at 1024, phantom-zero:
          found    1024 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
          expected 1024 53 70 4c 63 80 81 82 83 84 85 86 87 88 89 8a 8b
          found    1040 00 00 00 00 00 00 00 00 aa aa aa aa aa aa aa aa
          expected 1040 53 70 4c 63 80 81 82 83 aa aa aa aa aa aa aa aa
    cell.go:143: phantom-zero (policy snapshot, invariant): phantom-zero 0+1024, zeroed 1024+1024 of 4096
--- FAIL: TestPunchHoleInPage/large-clean (0.01s)
`

// fakeSource is a Source made of functions; nil ones know nothing.
type fakeSource struct {
	attempts   func(results.CellKey) ([]results.Attempt, error)
	history    func(results.CellKey) ([]Past, error)
	crashLines func(string) []int
	family     func(string) string
	report     func(results.Run, results.Cell) (string, error)
	expect     func([]results.Cell, outcome.Policy)
	about      func(string) About
}

func (f fakeSource) Attempts(_ context.Context, k results.CellKey) ([]results.Attempt, error) {
	if f.attempts == nil {
		return nil, nil
	}
	return f.attempts(k)
}

func (f fakeSource) History(_ context.Context, k results.CellKey) ([]Past, error) {
	if f.history == nil {
		return nil, nil
	}
	return f.history(k)
}

func (f fakeSource) Expect(cells []results.Cell, p outcome.Policy) {
	if f.expect != nil {
		f.expect(cells, p)
	}
}

func (f fakeSource) CrashLines(console string) []int {
	if f.crashLines == nil {
		return nil
	}
	return f.crashLines(console)
}

func (f fakeSource) Family(test string) string {
	if f.family == nil {
		return ""
	}
	return f.family(test)
}

func (f fakeSource) About(test string) About {
	if f.about == nil {
		return About{}
	}
	return f.about(test)
}

func (f fakeSource) Report(r results.Run, c results.Cell) (string, error) {
	if f.report == nil {
		return "", nil
	}
	return f.report(r, c)
}

// sample is a run in which everything that can go wrong went wrong once.
func sample() (results.Run, []results.Cell, fakeSource) {
	r := sampleRun("20261123-201619-965a24f")
	var cells []results.Cell
	for _, k := range sampleKernels {
		for _, fs := range sampleFilesystems {
			for _, test := range sampleTests {
				cells = append(cells, sampleCell(results.CellKey{Kernel: k, FS: fs, Test: test}))
			}
		}
	}
	r.Planned = len(cells) + 2
	byKey := map[results.CellKey]results.Cell{}
	for _, c := range cells {
		byKey[c.CellKey] = c
	}
	return r, cells, fakeSource{
		attempts: func(k results.CellKey) ([]results.Attempt, error) {
			c := byKey[k]
			attempts := append(append([]results.Attempt{}, c.Others...), c.Attempt)
			for i := range attempts {
				switch attempts[i].Verdict {
				case outcome.Crash:
					attempts[i].Console = sampleConsole
				case outcome.Fail:
					attempts[i].Output = sampleOutput
				}
			}
			return attempts, nil
		},
		crashLines: func(string) []int { return []int{1, 2, 3, 4, 5, 6, 7, 8} },
		family:     sampleFamily,
		report: func(_ results.Run, c results.Cell) (string, error) {
			return "title: " + c.Test + "\nkernel: " + c.Kernel + "\nfilesystem: " + c.FS + "\n", nil
		},
		history: func(k results.CellKey) ([]Past, error) {
			c := byKey[k]
			old := sampleRun("20261122-201500-aaaaaaa")
			old.Started = old.Started.AddDate(0, 0, -1)
			was := c
			was.Verdict, was.Outcome, was.Flaky = outcome.Pass, outcome.Snapshot, ""
			return []Past{NewPast(r, c), NewPast(old, was)}, nil
		},
	}
}

func sampleCell(key results.CellKey) results.Cell {
	h := fnv.New32a()
	fmt.Fprint(h, key)
	took := time.Duration(100+h.Sum32()%200) * time.Millisecond
	a := results.Attempt{CellKey: key, N: 1, Kind: outcome.Characterisation, Duration: took, Finished: t0.Add(time.Minute),
		Timing:     results.Timing{Queue: time.Second, Spawn: 45 * time.Millisecond, Restore: 15 * time.Millisecond, Agent: 4 * time.Millisecond, Test: took - 70*time.Millisecond, Collect: 6 * time.Millisecond},
		Covariates: map[string]string{"folio_order": "0", "dirty": "no"}}
	if strings.Contains(key.Test, "large") {
		a.Covariates["folio_order"] = "4"
	}
	is := resultstest.ContainsAll(key)
	a.Verdict, a.Outcome, a.Detail = outcome.Fail, outcome.Live, "live 0+4096 of 4096"
	switch {
	case is("xfs", "TestMmapStore/large", "6.18"):
		a.Verdict, a.Outcome, a.Detail = outcome.Crash, outcome.None, "general protection fault in iomap_page_mkwrite"
	case is("btrfs", "TestWrite/large-dirty", "7.3"):
		a.Verdict, a.Outcome, a.Detail = outcome.Hang, outcome.None, "no end after 30 s; blocked in folio_wait_bit_common"
	case is("tmpfs", "TestEOF", "6.1.0"):
		a.Verdict, a.Outcome, a.Detail = outcome.Infra, outcome.None, "QEMU could not be started: cannot allocate memory"
	case is("tmpfs", "ZeroRange"), is("tmpfs", "Direct", "5.10"), is("tmpfs", "Direct", "6.1.0"):
		a.Verdict, a.Outcome, a.Detail = outcome.Skip, outcome.None, "EOPNOTSUPP: not on tmpfs"
	case is("Policy"):
		a.Verdict, a.Outcome, a.Detail = outcome.Pass, outcome.None, ""
		_, rest, _ := strings.Cut(key.Test, "/")
		a.Covariates["source"], a.Covariates["sink"], _ = strings.Cut(rest, "-")
		for i, answer := range []string{"live", "live", "zeroed", "yes", "same", "–", "live", "snapshot"} {
			a.Covariates[fmt.Sprintf("p%d", i+1)] = answer
		}
	case is("Oracle"), is("Umount"), is("Count"), is("EOF"):
		a.Kind, a.Verdict, a.Outcome, a.Detail = outcome.Invariant, outcome.Pass, outcome.None, ""
	case is("xfs", "PunchHoleInPage/large", "6.1"):
		a.Kind, a.Outcome, a.Detail = outcome.Invariant, outcome.PhantomZero, "phantom-zero 0+1024, zeroed 1024+1024 of 4096"
	case is("PunchHoleInPage"), is("xfs", "large", "Punch"), is("xfs", "large", "Zero"):
		a.Outcome, a.Detail = outcome.Zeroed, "zeroed 1024+1024 of 4096"
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
	c := results.FromAttempts(attempts)
	switch {
	case is("ext4", "TestWrite/large-clean"):
		c.Expected, c.Why = results.XFail, "known since 2.6.31"
	case is("ext4", "TestPunchHolePage/small", "7.3"):
		c.Expected, c.Why = results.XPass, "was expected to fail until mended"
	}
	return c
}

// large is a run of many cells, some of which fail.
func large(kernels, filesystems, tests int) (results.Run, []results.Cell) {
	r := sampleRun("large")
	cells := make([]results.Cell, 0, kernels*filesystems*tests)
	for k := range kernels {
		for fs := range filesystems {
			for test := range tests {
				i := len(cells)
				a := results.Attempt{CellKey: results.CellKey{Kernel: fmt.Sprintf("6.%d.117+deb13-cloud-amd64", k), FS: fmt.Sprintf("fs%d", fs), Test: fmt.Sprintf("splice.TestSomething%d/page-%d", test/4, test%4)},
					N: 1, Verdict: outcome.Pass, Outcome: outcome.Snapshot, Kind: outcome.Characterisation, Detail: fmt.Sprintf("unchanged, %d bytes", 4096+i%97),
					Duration: time.Duration(150+i%91) * time.Millisecond, Finished: t0.Add(time.Duration(i) * 9 * time.Millisecond),
					Timing:     results.Timing{Spawn: 45 * time.Millisecond, Restore: time.Duration(14+i%5) * time.Millisecond, Agent: 4 * time.Millisecond, Test: time.Duration(50+i%91) * time.Millisecond, Collect: 6 * time.Millisecond},
					Covariates: map[string]string{"folio_order": fmt.Sprint(i % 5), "dirty": "no", "source": "file", "mount_options": "rw,relatime"}}
				if i%7 == 0 {
					a.Verdict, a.Outcome, a.Detail = outcome.Fail, outcome.Live, fmt.Sprintf("live %d+1024 of 16384; generation %d", i%16384, i)
				}
				cells = append(cells, results.Cell{Attempt: a, Attempts: 1})
			}
		}
	}
	r.Planned = len(cells)
	return r, cells
}
