package findings_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/findings"
	"github.com/splicelab/splicelab/results/resultstest"
)

func sampleInfo(test string) findings.TestInfo {
	switch {
	case strings.Contains(test, "PunchHole"):
		return findings.TestInfo{ID: "B8", Family: "B mutation after the splice", Doc: "A hole, punched."}
	case strings.Contains(test, "EOF"):
		return findings.TestInfo{ID: "A2", Family: "A accounting", Doc: "The end of the file."}
	}
	return findings.TestInfo{ID: "B1", Family: "B mutation after the splice", Doc: "A change."}
}

// brokenSample has two invariants that fail, one of them on two kernels, and a
// test that was skipped wherever it was tried.
func brokenSample() (results.Run, []results.Cell) {
	r, cells := resultstest.Sample()
	for i := range cells {
		if c := &cells[i]; c.Outcome == outcome.PhantomZero || strings.Contains(c.Test, "TestEOF") && c.FS == "xfs" {
			c.Kind = outcome.Invariant
			if c.Outcome == outcome.None {
				c.Verdict, c.Outcome, c.Detail = outcome.Fail, outcome.Extra, "3 bytes | from *behind* the end `x` <script>"
			}
		}
	}
	never := resultstest.Attempt(results.CellKey{Kernel: resultstest.Kernels[4], FS: "xfs", Test: "splice.TestRxRPC"}, 1, outcome.Skip, outcome.None)
	never.Detail = "module rxrpc: this kernel has no such module"
	return r, append(cells, results.FromAttempts([]results.Attempt{never}))
}

func TestWriteFindings(t *testing.T) {
	r, cells := brokenSample()
	resultstest.Golden(t, "findings.md", func(b *bytes.Buffer) error {
		var runs findings.Runs
		resultstest.Must(t, runs.Add(r, cells))
		return findings.Write(b, runs, sampleInfo, func(f findings.Broken) string { return "reports/" + f.Name + ".yaml" })
	})
}

func TestBrokenInvariants(t *testing.T) {
	_, cells := brokenSample()
	names := map[string]bool{}
	for _, b := range findings.BrokenInvariants(cells, sampleInfo) {
		if names[b.Name] {
			t.Errorf("two findings share the file name %s", b.Name)
		}
		names[b.Name] = true
		for k := range b.Where {
			if results.KernelOf(k).Compare(b.Example.Release()) > 0 {
				t.Errorf("%s: the example is of %s, and %s is newer", b.Name, b.Example.Kernel, k)
			}
		}
		if b.Verdict == outcome.Fail && b.Example.Kind != outcome.Invariant {
			t.Errorf("%s: a characterisation is not a broken invariant", b.Name)
		}
	}
	if !names["a2-extra"] {
		t.Errorf("a2-extra is missing: %v", names)
	}
}
