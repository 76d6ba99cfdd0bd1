package expect

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

var today = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

func parse(t *testing.T, text string) *Expectations {
	t.Helper()
	e, err := Parse("expectations.yaml", []byte(text), today)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// cell is "KERNEL FILESYSTEM TEST VERDICT[:OUTCOME]…", an attempt for each
// verdict. With an outcome it is a characterisation.
func cell(line string) results.Cell {
	words := strings.Fields(line)
	var attempts []results.Attempt
	for i, w := range words[3:] {
		v, o, characterised := strings.Cut(w, ":")
		a := results.Attempt{CellKey: results.CellKey{Kernel: words[0], FS: words[1], Test: words[2]}, N: i + 1,
			Verdict: outcome.Verdict(v), Outcome: outcome.Outcome(o), Kind: outcome.Invariant}
		if characterised {
			a.Kind = outcome.Characterisation
		}
		attempts = append(attempts, a)
	}
	return results.FromAttempts(attempts)
}

func cellsOf(text string) []results.Cell {
	var cells []results.Cell
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			cells = append(cells, cell(line))
		}
	}
	return cells
}

func TestApply(t *testing.T) {
	e := parse(t, `
- test: s.TestWrite/*
  filesystem: [xfs, ext*]
  kernels: 6.1..6.12
  outcome: zeroed
  reason: known
  owner: me
  link: https://example.org/1
- test: s.TestCrash
  verdict: crash
  reason: oops
- test: "*"
  kernels: 6.10
  verdict: fail
  reason: ten
- test: s.TestOld
  verdict: fail
  reason: old
  until: 2026-11-26
- test: s.TestToday
  verdict: fail
  reason: still
  until: 2026-11-27
`)
	const why = "known (me, https://example.org/1)"
	for _, c := range []struct {
		cell     string
		expected results.Expected
		why      string
	}{
		{"6.1.0-9-x xfs s.TestWrite/small fail:zeroed", results.XFail, why},
		{"6.12.117 ext4 s.TestWrite/a/b fail:zeroed", results.XFail, why},
		{"6.12.117 xfs s.TestWrite/small fail:zeroed infra fail:zeroed", results.XFail, why},
		// It does not apply to other cells.
		{"6.13.1 xfs s.TestWrite/small fail:zeroed", "", ""},
		{"6.0.9 xfs s.TestWrite/small fail:zeroed", "", ""},
		{"6.1.1 btrfs s.TestWrite/small fail:zeroed", "", ""},
		{"6.1.1 xfs s.TestWrite fail:zeroed", "", ""},
		{"6.1.1 xfs s.TestWriteAll/small fail:zeroed", "", ""},
		// A different failure remains a failure.
		{"6.1.1 xfs s.TestWrite/small fail:torn", "", "expected zeroed, attempt 1 was fail (torn): " + why},
		{"6.1.1 xfs s.TestWrite/small crash", "", "expected zeroed, attempt 1 was crash: " + why},
		{"6.1.1 xfs s.TestWrite/small crash fail:zeroed", "", "expected zeroed, attempt 1 was crash: " + why},
		{"6.1.1 xfs s.TestWrite/small crash pass:snapshot", "", "expected zeroed, attempt 1 was crash: " + why},
		// An unexpected pass.
		{"6.1.1 xfs s.TestWrite/small pass:snapshot", results.XPass, "expected zeroed: " + why},
		{"6.1.1 xfs s.TestWrite/small fail:zeroed pass:snapshot", results.XFail, why},
		// Inconclusive results are unchanged.
		{"6.1.1 xfs s.TestWrite/small skip", "", ""},
		{"6.1.1 xfs s.TestWrite/small infra", "", ""},
		{"6.1.1 any s.TestCrash crash", results.XFail, "oops"},
		{"6.1.1 any s.TestCrash hang", "", "expected crash, attempt 1 was hang: oops"},
		// 6.10 is not 6.1, and not a number.
		{"6.10.3 any s.TestAny fail", results.XFail, "ten"},
		{"6.1.3 any s.TestAny fail", "", ""},
		// The first rule applies.
		{"6.10.3 any s.TestCrash fail", "", "expected crash, attempt 1 was fail: oops"},
		// The last day.
		{"6.1.1 any s.TestOld fail", "", ""},
		{"6.1.1 any s.TestToday fail", results.XFail, "still"},
	} {
		cells := []results.Cell{cell(c.cell)}
		e.Apply(cells, outcome.PolicySnapshot)
		if got := cells[0]; got.Expected != c.expected || got.Why != c.why {
			t.Errorf("%s: %q, %q\nwant %q, %q", c.cell, got.Expected, got.Why, c.expected, c.why)
		}
		fails := e.Judgement()
		if got, want := fails(&cells[0].Attempt), cells[0].Bad(); got != want {
			t.Errorf("%s: its deciding attempt fails: %v, want %v", c.cell, got, want)
		}
	}
	var nothing *Expectations
	cells := cellsOf("6.1.1 xfs s.TestA fail")
	nothing.Apply(cells, outcome.PolicySnapshot)
	if !cells[0].Bad() || !nothing.Judgement()(&cells[0].Attempt) || nothing.Uses(cells, outcome.PolicySnapshot) != nil {
		t.Error("without expectations a failure is not bad")
	}
}

// Under a policy that accepts the expected outcome, a pass is no surprise.
func TestApplyUnderAPolicy(t *testing.T) {
	e := parse(t, "- {test: s.TestA, outcome: live, reason: r}\n- {test: s.TestB, outcome: phantom-zero, reason: r}\n")
	cells := cellsOf(`
6.1.1 xfs s.TestA fail:live
6.1.1 ext4 s.TestA pass:snapshot
6.1.1 xfs s.TestB fail:phantom-zero
6.1.1 ext4 s.TestB pass:snapshot
`)
	for policy, want := range map[outcome.Policy][]results.Expected{
		outcome.PolicySnapshot: {results.XFail, results.XPass, results.XFail, results.XPass},
		outcome.PolicyAlias:    {"", "", results.XFail, results.XPass},
	} {
		shown := results.Show(cells, policy)
		e.Apply(shown, policy)
		var got []results.Expected
		for _, c := range shown {
			got = append(got, c.Expected)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", policy, d)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const rest = "  outcome: live\n  reason: r\n"
	for name, c := range map[string]struct{ text, want string }{
		"no list":       {"test: a\n", "e.yaml: must be a list of rules"},
		"no rule":       {"- a\n", "e.yaml:1: is no rule"},
		"syntax":        {"# c\n- test: [a\n", "e.yaml:2: "},
		"twice":         {"- test: a\n  test: b\n", "e.yaml:2: mapping key \"test\" already defined"},
		"unknown key":   {"- test: a\n  fs: xfs\n" + rest, `e.yaml:2: unknown key "fs": known are test, filesystem, kernels`},
		"no test":       {"- filesystem: xfs\n" + rest, "e.yaml:1: test is missing"},
		"empty test":    {"- test:\n" + rest, "e.yaml:1: test is missing"},
		"no reason":     {"- test: a\n  outcome: live\n", "e.yaml:1: reason is missing"},
		"no outcome":    {"- test: a\n  reason: r\n", "e.yaml:1: outcome and verdict are missing"},
		"verdict":       {"- test: a\n  reason: r\n  verdict: skip\n", `e.yaml:3: verdict "skip" is not one of fail, crash, hang, boot-fail`},
		"outcome":       {"- test: a\n  reason: r\n  outcome: zeored\n", `e.yaml:3: outcome "zeored" is none of snapshot live`},
		"kernels":       {"- test: a\n  kernels: six\n" + rest, `e.yaml:2: kernels "six": kernel version "six": want numbers`},
		"a range":       {"- test: a\n  kernels: [6.1, 7.0..6.1]\n" + rest, "e.yaml:2: kernels \"7.0..6.1\": 7.0 is newer than 6.1: swap them"},
		"until":         {"- test: a\n  until: soon\n" + rest, `e.yaml:2: until "soon" must be a date like 2027-03-31`},
		"mapping":       {"- test: {a: b}\n" + rest, "e.yaml:1: test: is a mapping, and must be a text"},
		"an empty name": {"- test: [a, '']\n" + rest, "e.yaml:1: test: an entry of the list is empty"},
		"bare star":     {"- test: *a\n" + rest, "e.yaml:1: "},
		"two documents": {"- test: a\n" + rest + "---\n- test: b\n" + rest, `e.yaml: there are two documents`},
		"all faults":    {"- test: a\n- reason: r\n", "e.yaml:1: reason is missing: it is shown with each cell that the rule speaks of\ne.yaml:2: test is missing"},
		"a key's value": {"- test: a\n  kernels: {from: 6.1}\n" + rest, "e.yaml:2: kernels: is a mapping"},
	} {
		_, err := Parse("e.yaml", []byte(c.text), today)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if e := (*Error)(nil); err != nil && !errors.As(err, &e) {
			t.Errorf("%s: %T is not an *Error", name, err)
		}
	}
	for _, empty := range []string{"", "# nothing yet\n", "---\n"} {
		if e := parse(t, empty); len(e.Rules) != 0 {
			t.Errorf("%q has rules", empty)
		}
	}
}

func TestUses(t *testing.T) {
	e := parse(t, `
- {test: s.TestA, outcome: live, reason: r}
- {test: "s.*", filesystem: xfs, outcome: live, reason: r}
- {test: s.TestA, filesystem: xfs, outcome: torn, reason: never counts}
- {test: s.TestGone, outcome: live, reason: r}
- {test: s.TestB, outcome: live, reason: r, until: 2026-01-01}
`)
	cells := cellsOf(`
6.1.1 xfs s.TestA fail:live
6.1.1 ext4 s.TestA pass:snapshot
6.1.1 xfs s.TestB fail:torn
6.1.1 xfs s.TestC skip
`)
	want := []string{
		"line 2: 1 expected, 0 failed, 1 passed, 0 silent: ",
		"line 3: 0 expected, 1 failed, 0 passed, 1 silent: ",
		"line 4: 0 expected, 0 failed, 0 passed, 0 silent: never counts: the rule in line 2 comes first",
		"line 5: 0 expected, 0 failed, 0 passed, 0 silent: speaks of no cell",
		"line 6: 0 expected, 0 failed, 0 passed, 0 silent: expired after 2026-01-01",
	}
	var got []string
	for _, u := range e.Uses(cells, outcome.PolicySnapshot) {
		got = append(got, fmt.Sprintf("line %d: %d expected, %d failed, %d passed, %d silent: %s",
			u.Rule.Line, u.Expected, u.Failed, u.Passed, u.Silent, u.Problem))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"*", "", true}, {"*", "a/b", true}, {"a*", "a", true}, {"a*b", "ab", true},
		{"a*b", "a", false}, {"a*a", "a", false}, {"*/large-*", "s.T/large-clean", true}, {"*/large-*", "s.T/small-clean", false},
		{"a*b*c", "abbc", true}, {"a*b*c", "acb", false}, {"**", "x", true}, {"a?", "ab", false},
	} {
		if got := glob(c.pattern, c.name); got != c.want {
			t.Errorf("%q on %q: %v", c.pattern, c.name, got)
		}
	}
}
