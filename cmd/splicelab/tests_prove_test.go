package main

import (
	"os"
	"testing"

	"github.com/splicelab/splicelab/lab/faults"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// TestProofs shows the table and the page of a run with faults: every way in
// which a cell can fail to be proof is named with its reason and its place.
func TestProofs(t *testing.T) {
	cell := func(kernel, fs string, v outcome.Verdict, o outcome.Outcome, detail string) results.Cell {
		return results.Cell{Attempt: results.Attempt{CellKey: results.CellKey{Kernel: kernel, FS: fs, Test: "s.TestA/x"}, Verdict: v, Outcome: o, Detail: detail}}
	}
	proofs := []faults.Check{
		{
			Test: "s.TestA", Fault: "sample",
			Fired: []results.Cell{
				cell("6.1.1-amd64", "xfs", outcome.Fail, outcome.Foreign, ""), cell("6.1.1-amd64", "ext4", outcome.Fail, outcome.Foreign, ""),
				cell("6.12.1-amd64", "xfs", outcome.Fail, outcome.Extra, ""),
			},
			Skipped: []results.Cell{cell("5.10.1-amd64", "xfs", outcome.Skip, "", "no | such <thing>"), cell("5.10.1-amd64", "ext4", outcome.Skip, "", "no | such <thing>")},
		},
		{Test: "s.TestB", Fault: "source", Silent: []results.Cell{cell("6.1.1-amd64", "xfs", outcome.Pass, "", "")}},
	}
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	a := &app{stdout: file, stderr: os.Stderr}
	if err := a.writeProofs(proofs); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/proofs.txt", string(text))
	golden(t, "testdata/proofs.md", string(proofPage(proofs, proofs[0].Fired, "splicelab tests prove")))
	if err := verdictOn(proofs); exitCode(err) != exitFailed {
		t.Errorf("a silent test: %v", err)
	}
	if err := verdictOn(proofs[:1]); err != nil {
		t.Error(err)
	}
}
