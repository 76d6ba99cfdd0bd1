package results

import (
	"bytes"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
)

func sampleInfo(test string) TestInfo {
	switch {
	case strings.Contains(test, "PunchHole"):
		return TestInfo{ID: "B8", Family: "B mutation after the splice", Doc: "A hole, punched."}
	case strings.Contains(test, "EOF"):
		return TestInfo{ID: "A2", Family: "A accounting", Doc: "The end of the file."}
	}
	return TestInfo{ID: "B1", Family: "B mutation after the splice", Doc: "A change."}
}

// brokenSample has two invariants that fail, one of them on two kernels, and a
// test that was skipped wherever it was tried.
func brokenSample() (Run, []Cell) {
	r, cells := sample()
	for i := range cells {
		if c := &cells[i]; c.Outcome == outcome.PhantomZero || strings.Contains(c.Test, "TestEOF") && c.FS == "xfs" {
			c.Kind = outcome.Invariant
			if c.Outcome == outcome.None {
				c.Verdict, c.Outcome, c.Detail = outcome.Fail, outcome.Extra, "3 bytes | from *behind* the end `x` <script>"
			}
		}
	}
	never := attempt(CellKey{sampleKernels[4], "xfs", "splice.TestRxRPC"}, 1, outcome.Skip, outcome.None)
	never.Detail = "module rxrpc: this kernel has no such module"
	return r, append(cells, FromAttempts([]Attempt{never}))
}

func TestWriteFindings(t *testing.T) {
	r, cells := brokenSample()
	golden(t, "findings.md", func(b *bytes.Buffer) error {
		return WriteFindings(b, r, cells, sampleInfo, func(f Broken) string { return "reports/" + f.Name + ".yaml" })
	})
}

func TestBrokenInvariants(t *testing.T) {
	_, cells := brokenSample()
	names := map[string]bool{}
	for _, b := range BrokenInvariants(cells, sampleInfo) {
		if names[b.Name] {
			t.Errorf("two findings share the file name %s", b.Name)
		}
		names[b.Name] = true
		for k := range b.Where {
			if compareReleases(k, b.Example.Kernel) > 0 {
				t.Errorf("%s: the example is of %s, and %s is newer", b.Name, b.Example.Kernel, k)
			}
		}
		if b.Verdict == outcome.Fail && b.Example.Kind != outcome.Invariant {
			t.Errorf("%s: a characterisation is no broken invariant", b.Name)
		}
	}
	if !names["a2-extra"] {
		t.Errorf("a2-extra is missing: %v", names)
	}
}
