package selfcheck

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/lab/faults"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// TestProofs checks the table and the page of a run with faults: every way in
// which a cell can fail to be proof is listed with its reason and its place.
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
	var text strings.Builder
	if err := writeProofs(&text, proofs); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/proofs.txt", text.String())
	golden(t, "testdata/proofs.md", string(proofPage(proofs, proofs[0].Fired, "splicelab tests prove")))
	if n := undetected(proofs); n != 1 {
		t.Errorf("%d tests did not detect their fault, want the silent one", n)
	}
}

var update = flag.Bool("update", false, "replace the golden files")

// golden compares a text with a file of what it should be.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); accept it with -update:\n%s", file, diff)
	}
}
