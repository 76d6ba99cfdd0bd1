package expect

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

func accept(t *testing.T, content, cells string) (string, Accepted) {
	t.Helper()
	e := parse(t, content)
	a := e.Accept(cellsOf(cells), outcome.PolicySnapshot, Rule{Reason: "seen in run 1"})
	text, err := a.Update(e, []byte(content), today)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), a
}

func TestAccept(t *testing.T) {
	for name, c := range map[string]struct{ content, cells, want string }{
		"all alike": {"# mine\n", `
5.10.0-46-x ext4 s.TestHole/large-clean fail:zeroed
5.10.0-46-x ext4 s.TestHole/large-dirty fail:zeroed
5.10.0-46-x xfs s.TestHole/large-clean fail:zeroed
5.10.0-46-x xfs s.TestHole/large-dirty fail:zeroed
6.12.117-x ext4 s.TestHole/large-clean fail:zeroed
6.12.117-x ext4 s.TestHole/large-dirty fail:zeroed
6.12.117-x xfs s.TestHole/large-clean fail:zeroed
6.12.117-x xfs s.TestHole/large-dirty fail:zeroed
`, "# mine\n\n- test: s.TestHole/large-*\n  filesystem: [ext4, xfs]\n  kernels: 5.10..6.12\n  outcome: zeroed\n  reason: seen in run 1\n"},
		"a passing kernel between": {"", `
6.1.1 xfs s.TestA fail
6.6.1 xfs s.TestA pass
6.12.95 xfs s.TestA pass
6.12.117 xfs s.TestA fail
7.0.1 xfs s.TestA fail
`, header + "\n- test: s.TestA\n  filesystem: xfs\n  kernels: [\"6.1\", 6.12.117..7.0]\n  verdict: fail\n  reason: seen in run 1\n"},
		"a passing subtest and a skip": {"", `
6.1.1 xfs s.TestA/large-a fail:live
6.1.1 xfs s.TestA/large-b fail:live
6.1.1 xfs s.TestA/large-c pass:snapshot
6.1.1 xfs s.TestA/small-a fail:live
6.1.1 xfs s.TestA/small-b fail:live
6.1.1 xfs s.TestA/tiny skip
`, header + "\n- test: [s.TestA/small-*, s.TestA/large-a, s.TestA/large-b]\n  filesystem: xfs\n  kernels: \"6.1\"\n  outcome: live\n  reason: seen in run 1\n"},
		"an outcome each": {"", `
6.1.1 xfs s.TestA fail:live
6.1.1 ext4 s.TestA fail:torn
6.1.1 btrfs s.TestA crash
6.1.1 vfat s.TestA hang:live
`, header + `
- test: s.TestA
  filesystem: xfs
  kernels: "6.1"
  outcome: live
  reason: seen in run 1

- test: s.TestA
  filesystem: ext4
  kernels: "6.1"
  outcome: torn
  reason: seen in run 1

- test: s.TestA
  filesystem: btrfs
  kernels: "6.1"
  verdict: crash
  reason: seen in run 1

- test: s.TestA
  filesystem: vfat
  kernels: "6.1"
  outcome: live
  verdict: hang
  reason: seen in run 1
`},
		// The new rule must precede the one that it contradicts.
		"another outcome than expected": {"# File.\n\n# About B.\n- {test: s.TestB, verdict: crash, reason: b}\n\n# About A,\n# two lines.\n-\n  test: s.TestA\n  outcome: torn\n  reason: a\n# end", `
6.1.1 xfs s.TestA fail:live
6.1.1 ext4 s.TestA fail:torn
6.1.1 ext4 s.TestB crash
`, "# File.\n\n# About B.\n- {test: s.TestB, verdict: crash, reason: b}\n\n- test: s.TestA\n  filesystem: xfs\n  kernels: \"6.1\"\n  outcome: live\n  reason: seen in run 1\n\n# About A,\n# two lines.\n-\n  test: s.TestA\n  outcome: torn\n  reason: a\n# end\n"},
		"an indented list": {"  - test: s.TestB\n    verdict: crash\n    reason: b", "6.1.1 xfs s.TestA fail:live\n",
			"  - test: s.TestB\n    verdict: crash\n    reason: b\n\n  - test: s.TestA\n    filesystem: xfs\n    kernels: \"6.1\"\n    outcome: live\n    reason: seen in run 1\n"},
		"names that YAML would misread": {"", "6.10.1 xfs s.TestA/*,[x]:_#1 fail:live\n6.10.1 xfs s.TestA/yes pass\n",
			header + "\n- test: \"s.TestA/*,[x]:_#1\"\n  filesystem: xfs\n  kernels: \"6.10\"\n  outcome: live\n  reason: seen in run 1\n"},
		"nothing failed":             {"# mine", "6.1.1 xfs s.TestA pass\n6.1.1 ext4 s.TestA infra\n", "# mine"},
		"all covered":                {"- {test: s.TestA, verdict: fail, reason: r}\n", "6.1.1 xfs s.TestA fail:live\n", "- {test: s.TestA, verdict: fail, reason: r}\n"},
		"outcomes of other attempts": {"", "6.1.1 xfs s.TestA fail:live fail:torn\n", header + "\n- test: s.TestA\n  filesystem: xfs\n  kernels: \"6.1\"\n  verdict: fail\n  reason: seen in run 1\n"},
	} {
		got, _ := accept(t, c.content, c.cells)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestAcceptLeavesInconsistentCells(t *testing.T) {
	text, a := accept(t, "", "6.1.1 xfs s.TestA crash fail:live\n")
	if text != "" || len(a.Left) != 1 || a.Cells != 0 {
		t.Errorf("%q, %+v", text, a)
	}
	e := parse(t, "[{test: s.TestB, verdict: crash, reason: b}]\n")
	a = e.Accept(cellsOf("6.1.1 xfs s.TestA fail:live\n"), outcome.PolicySnapshot, Rule{Reason: "r"})
	if _, err := a.Update(e, []byte("[{test: s.TestB, verdict: crash, reason: b}]\n"), today); err == nil || !strings.Contains(err.Error(), "brackets") {
		t.Error(err)
	}
}

// Whatever a run's results, its failed cells are covered afterwards, and no
// other cell changes.
func TestAcceptCoversRandomRuns(t *testing.T) {
	came := []string{"pass:snapshot", "fail:live", "fail:zeroed", "crash", "skip", "infra", "fail", "fail:live pass:snapshot"}
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var b strings.Builder
		likely := came[rnd.IntN(len(came))] // so that there is something to merge
		for _, kernel := range []string{"6.1.0-9-x", "6.1.0-56-x", "6.12.9", "6.12.117", "7.0.1"} {
			for _, fs := range []string{"ext4", "xfs", "btrfs"} {
				for _, test := range []string{"s.TestA", "s.TestB/large-a", "s.TestB/large-b", "s.TestB/small", "s.TestBig/large-a"} {
					what := likely
					if rnd.IntN(4) == 0 {
						what = came[rnd.IntN(len(came))]
					}
					if rnd.IntN(10) > 0 {
						fmt.Fprintln(&b, kernel, fs, test, what)
					}
				}
			}
		}
		content := ""
		if seed%2 == 1 {
			content = "# kept\n\n- {test: s.TestB/*, filesystem: xfs, outcome: live, reason: old}\n- {test: \"*\", kernels: 7.0, verdict: crash, reason: old}\n"
		}
		cells := cellsOf(b.String())
		before := parse(t, content)
		before.Apply(cells, outcome.PolicySnapshot)
		stood := make(map[results.CellKey]results.Expected)
		bad := make(map[results.CellKey]bool)
		for _, c := range cells {
			stood[c.CellKey], bad[c.CellKey] = c.Expected, c.Bad()
		}
		text, a := accept(t, content, b.String())
		after := parse(t, text)
		after.Apply(cells, outcome.PolicySnapshot)
		for _, c := range cells {
			switch {
			case bad[c.CellKey] && c.Expected != results.XFail:
				t.Errorf("seed %d: %s %s is not covered: %s", seed, c.CellKey, c.Verdict, c.Why)
			case !bad[c.CellKey] && c.Expected != stood[c.CellKey]:
				t.Errorf("seed %d: %s %s was %q and is %q: %s", seed, c.CellKey, c.Verdict, stood[c.CellKey], c.Expected, c.Why)
			}
		}
		if !strings.Contains(text, content[:strings.IndexByte(content+"\n", '\n')]) || len(a.Rules) > a.Cells {
			t.Errorf("seed %d: %d rules for %d cells:\n%s", seed, len(a.Rules), a.Cells, text)
		}
	}
}
