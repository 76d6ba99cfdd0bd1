package splice

import (
	"os"
	"slices"
	"testing"

	"github.com/splicelab/splicelab/tests/kit"
)

// suite is the catalogue, in the order of execution: the controls, then the
// families, each listed where it is tested.
func suite() kit.Suite {
	return kit.Suite{Name: "splice", Tests: slices.Concat(
		controls, // first, to detect a broken harness early
		accounting, mutation, preserved, memory, endOfFiles, sockets, consumers, fileSinks, layered, meta,
	)}
}

func TestMain(m *testing.M) { os.Exit(kit.Main(m, suite())) }

// TestSuiteIsDescribed is not a cell: it compares the catalogue with the code.
func TestSuiteIsDescribed(t *testing.T) { kit.Verify(t, suite()) }
