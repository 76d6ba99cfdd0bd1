package lab

import (
	"testing"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/outcome"
)

// TestFaults runs a real test on a real kernel with its fault before its
// eyes, and without: it fails the one time and passes the other.
func TestFaults(t *testing.T) {
	t.Parallel()
	b := newBench(t).restoreShared()
	b.cfg.Policy = outcome.PolicyAlias
	ks := []kernels.Kernel{testKernel(t, "6.12")}
	for _, faults := range []bool{false, true} {
		b.cfg.Faults = faults
		cells, err := b.run(ks, "tmpfs", `^splice\.TestCountExact/(small|large)-(clean|dirty)$`)
		if err != nil {
			t.Fatalf("faults %v: %v", faults, err)
		}
		for name, c := range cells {
			want, shown := outcome.Pass, ""
			if faults {
				want, shown = outcome.Fail, "sample"
			}
			if c.Verdict != want || c.Covariates[protocol.AttrFault] != shown {
				t.Errorf("faults %v: %s: %s (%s) %v", faults, name, c.Verdict, c.Detail, c.Covariates)
			}
		}
	}
}
