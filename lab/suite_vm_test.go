package lab

import (
	"slices"
	"testing"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/faults"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// wholeSuite is the splice suite, and nothing else.
const wholeSuite = `^splice\.`

// TestWholeSuite runs every test of the catalogue: whatever they find, none
// breaks the VM that it shares with the others, none fails in its set-up, and
// none skips without saying why. "make test-slow" runs every cell of each, and
// does it on an old kernel, too.
func TestWholeSuite(t *testing.T) {
	t.Parallel()
	b := newBench(t).restoreShared()
	b.controls, b.oneEach = true, !slow()
	for _, series := range thorough("6.12", "5.10") {
		profile := map[string]string{"5.10": "ext4", "6.12": "xfs"}[series]
		cells, err := b.run([]kernels.Kernel{testKernel(t, series)}, profile, wholeSuite)
		if err != nil {
			t.Errorf("%s: %v", series, err)
		}
		for name, c := range cells {
			switch {
			case c.Verdict == outcome.Infra, c.Verdict == outcome.Crash, c.Verdict == outcome.Hang, c.Verdict == outcome.BootFail, c.Infra > 0:
				t.Errorf("%s %s: %s after %d attempts: %s", series, name, c.Verdict, c.Attempts, c.Detail)
				for _, a := range c.Others {
					t.Errorf("attempt %d: %s: %s", a.N, a.Verdict, a.Detail)
				}
			case c.Detail == "" && c.Verdict != outcome.Pass:
				t.Errorf("%s %s: %s without a word", series, name, c.Verdict)
			case c.Verdict != outcome.Skip && c.Outcome == outcome.None:
				t.Errorf("%s %s: %s without an outcome: %s", series, name, c.Verdict, c.Detail)
			}
		}
	}
}

// TestEveryDetectorFires shows each test of the suite its fault: a detector that
// has never been seen to fire proves nothing. "make test-slow" does it with every
// cell.
func TestEveryDetectorFires(t *testing.T) {
	t.Parallel()
	b := newBench(t).restoreShared()
	b.controls, b.oneEach = true, !slow()
	b.cfg.Policy, b.cfg.Faults = outcome.PolicyAlias, true
	planned, err := plan.New(nil, nil, b.suites(), wholeSuite)
	if err != nil {
		t.Fatal(err)
	}
	cells, err := b.run([]kernels.Kernel{testKernel(t, "6.12")}, "xfs", wholeSuite)
	if err != nil {
		t.Error(err)
	}
	var all []results.Cell
	for _, c := range cells {
		all = append(all, c)
	}
	fired := 0
	for _, p := range faults.Checks(planned, all) {
		fired += len(p.Fired)
		if p.Detected() && len(p.Infra) == 0 {
			continue
		}
		for _, c := range slices.Concat(p.Silent, p.Early, p.Broken, p.Infra) {
			t.Errorf("%s %s: %s (%s): %s", c.Test, p.Fault, c.Verdict, c.Detail, faults.WhySilent(c))
		}
	}
	if fired == 0 {
		t.Error("no detector fired")
	}
}
