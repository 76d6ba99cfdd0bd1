package selftest

import (
	"os"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

// suite is the catalogue, harmless tests first.
func suite() kit.Suite {
	return kit.Suite{Name: "selftest", Tests: []kit.Test{
		pass, fail, skip, setupFails,
		exitNoResult, exitNonZero, goPanic, segfault,
		panicKernel, reset, oopsKernelThread, warn,
		hangInterruptible, hangSpin, hangUninterruptible, hangNoInterrupts,
		exhaustMemory, floodStdout, floodConsole, terminalEscapes,
		killAgent, leave, flags,
	}}
}

func TestMain(m *testing.M) { os.Exit(kit.Main(m, suite())) }

// TestSuiteIsDescribed is not a cell: it compares the catalogue and Expected with
// the code.
func TestSuiteIsDescribed(t *testing.T) {
	s := suite()
	kit.Verify(t, s)
	for _, test := range s.Tests {
		if _, ok := Expected[test.Name]; !ok {
			t.Errorf("%s has no expected verdict", test.Name)
		}
		if !test.Guest {
			t.Errorf("%s would run outside a throw-away VM", test.Name)
		}
	}
	if len(Expected) != len(s.Tests) {
		t.Errorf("%d verdicts expected of %d tests", len(Expected), len(s.Tests))
	}
}

// bad declares a test of this suite.
func bad(name, doc string) kit.Test {
	return kit.Test{Name: name, Family: "selftest", Kind: outcome.Invariant, Doc: doc, Guest: true}
}

// forever blocks without triggering the Go runtime's deadlock detection.
func forever(c *kit.Cell) {
	p := c.Pipe()
	var b [1]byte
	for {
		_, _ = readPipe(p, b[:])
	}
}
