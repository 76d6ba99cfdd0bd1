package splice

import (
	"os"
	"testing"

	"splicelab/tests/kit"
)

// suite is the catalogue, in the order in which it is run.
func suite() kit.Suite {
	return kit.Suite{Name: "splice", Tests: []kit.Test{
		control,
		countExact, endOfFile, failedOffset, deviceSource,
		write, writeDirect, mmapStore, sendfileWrite,
		truncateInPage, truncateToZero,
		punchHoleInPage, punchHolePage, punchHoleInFolio,
		zeroRange, writeZeroes, collapseRange, insertRange,
		punchHoleOutside, writeback, dropCaches, unmount,
		udp,
	}}
}

func TestMain(m *testing.M) { os.Exit(kit.Main(m, suite())) }

// TestSuiteIsDescribed is not a cell: it keeps the catalogue honest.
func TestSuiteIsDescribed(t *testing.T) { kit.Verify(t, suite()) }
