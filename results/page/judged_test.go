package page

import (
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/findings"
)

// The document alone gives every cell's result under every policy, as the
// program itself judges it.
func TestCellsCanBeJudgedAnew(t *testing.T) {
	_, cells, _ := sample()
	doc := NewCells(cells)
	if len(doc.Policies) != len(outcome.Policies) || len(doc.Policies[0].Judged) == 0 {
		t.Fatalf("%d policies, with %d cells of several attempts", len(doc.Policies), len(doc.Policies[0].Judged))
	}
	changed := 0
	for _, rule := range doc.Policies {
		for i, want := range results.Show(cells, rule.Name) {
			verdict, o, flaky := doc.Verdicts[doc.Verdict[i]], doc.Outcomes[doc.Outcome[i]], doc.Flaky[i]
			if doc.Classes[doc.Class[i]] == string(outcome.Deviates) {
				verdict = string(outcome.Fail)
				if rule.Accepts[doc.Outcome[i]] {
					verdict = string(outcome.Pass)
				}
			}
			if j, several := rule.Judged[i]; several {
				verdict, o, flaky = doc.Verdicts[j.Verdict], doc.Outcomes[j.Outcome], j.Flaky
			}
			if verdict != string(want.Verdict) || o != string(want.Outcome) || flaky != want.Flaky {
				t.Errorf("%s under %s: %s %s %s, want %s", want.CellKey, rule.Name, verdict, o, flaky, want.What())
			}
			if verdict != doc.Verdicts[doc.Verdict[i]] {
				changed++
			}
		}
	}
	if changed == 0 {
		t.Error("the policies agree on every cell: nothing was tested")
	}
}

func TestViolationsDocument(t *testing.T) {
	r, cells, _ := sample()
	doc := NewViolations(r, cells)
	total := 0
	for _, v := range doc.Violations {
		total += v.Cells
		if len(v.States) != len(doc.Kernels) {
			t.Fatalf("%s has %d states of %d kernels", v.Title, len(v.States), len(doc.Kernels))
		}
		first := ""
		for k, s := range v.States {
			if s == findings.Violated && first == "" {
				first = doc.Kernels[k]
			}
		}
		if first != v.Since || v.Command == "" || v.Example.Test == "" {
			t.Errorf("%s: since %q, first in the timeline %q, example %+v", v.Title, v.Since, first, v.Example)
		}
		if (v.Meaning == "") != (v.Outcome == outcome.None) {
			t.Errorf("%s: %q means %q", v.Title, v.Outcome, v.Meaning)
		}
	}
	if want := results.Count(cells).Classes[outcome.Violates]; total != want || want == 0 {
		t.Errorf("%d cells in the violations, want %d", total, want)
	}
}

// A kernel's upstream version comes from its cells, or from the plan.
func TestVersionsOfKernels(t *testing.T) {
	cell := func(kernel, version, test string) results.Cell {
		c := results.Cell{Attempt: results.Attempt{CellKey: results.CellKey{Kernel: kernel, FS: "xfs", Test: test}, Verdict: outcome.Pass}}
		must(t, c.Version.UnmarshalText([]byte(version)))
		return c
	}
	doc := NewCells([]results.Cell{cell("5.10.0-46-cloud-amd64", "5.10.262", "s.TestA"), cell("6.1.4", "", "s.TestA")}, cell("6.12.0-1-cloud-amd64", "6.12.30", ""), cell("5.10.0-46-cloud-amd64", "5.10.262", ""))
	if got, want := strings.Join(doc.Versions, ","), "5.10.262,,6.12.30"; got != want {
		t.Errorf("the versions are %s, want %s", got, want)
	}
	if len(doc.Tests) != 1 || len(doc.PlannedKernel) != 2 || doc.PlannedKernel[0] != 2 || len(doc.Kernel) != 2 {
		t.Errorf("tests %q, planned %v", doc.Tests, doc.PlannedKernel)
	}
}
