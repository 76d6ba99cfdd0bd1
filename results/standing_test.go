package results

import (
	"bytes"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
)

// standings is a run in which cells stand in every way to what is expected.
func standings() []Cell {
	key := func(fs, test string) CellKey { return CellKey{"6.12.1", fs, "s.Test" + test} }
	cell := func(k CellKey, s Standing, v outcome.Verdict, o outcome.Outcome) Cell {
		c := FromAttempts([]Attempt{attempt(k, 1, v, o)})
		c.Standing = s
		return c
	}
	return []Cell{
		cell(key("ext4", "A/one"), ExpectedFail, outcome.Fail, outcome.Live), cell(key("xfs", "A/one"), "", outcome.Pass, outcome.Snapshot),
		cell(key("ext4", "A/two"), "", outcome.Fail, outcome.Live), cell(key("xfs", "A/two"), "", outcome.Pass, outcome.Snapshot),
		cell(key("ext4", "B"), ExpectedFail, outcome.Crash, ""), cell(key("xfs", "B"), ExpectedFail, outcome.Hang, ""),
		cell(key("ext4", "C"), UnexpectedPass, outcome.Pass, outcome.Snapshot), cell(key("xfs", "C"), "", outcome.Pass, outcome.Snapshot),
		cell(key("ext4", "D"), ExpectedFail, outcome.BootFail, ""), cell(key("xfs", "D"), ExpectedFail, outcome.Fail, ""),
	}
}

func TestMatrixShowsWhatIsExpected(t *testing.T) {
	golden(t, "matrix-expected.txt", func(b *bytes.Buffer) error { return WriteMatrix(b, run("r", 0), standings(), MatrixOptions{}) })
	b := new(bytes.Buffer)
	must(t, WriteMatrix(b, Run{ID: "r"}, standings(), MatrixOptions{Color: true}))
	for _, painted := range []string{"\x1b[34meL\x1b[0m", "\x1b[1;7;32m+S\x1b[0m", "\x1b[34me!\x1b[0m", "\x1b[1;31mxL\x1b[0m"} {
		if !strings.Contains(b.String(), painted) {
			t.Errorf("%q is not in %q", painted, b)
		}
	}
}

func TestTallyKnowsWhatIsExpected(t *testing.T) {
	if tally := Count(standings()); tally.Bad() != 1 || tally.ExpectedFail != 5 || tally.UnexpectedPass != 1 {
		t.Errorf("%+v, bad: %d", tally, tally.Bad())
	}
}
