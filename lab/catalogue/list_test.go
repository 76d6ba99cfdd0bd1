package catalogue

import (
	"errors"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/protocol"
)

var suites = []protocol.Suite{
	{Name: "splice", Tests: []protocol.Test{
		{Name: "TestPunchHole", ID: "B8", Family: "truncation", Kind: "invariant", Doc: "A hole is punched.", Cells: []string{"a", "b"}, Modules: []string{"brd", "loop"},
			LeftOut: []protocol.LeftOut{{PageSize: 65536, Cells: []string{"b"}, Reason: "pages of 64 KiB are too large"}}},
		{Name: "TestControl", Control: true, Kind: "invariant"},
	}},
	{Name: "other", Tests: []protocol.Test{{Name: "TestControl", ID: "B8"}}},
}

func TestFind(t *testing.T) {
	for name, want := range map[string]string{
		"splice.TestPunchHole":       "splice.TestPunchHole",
		"PunchHole":                  "splice.TestPunchHole",
		"TestPunchHole/a":            "splice.TestPunchHole",
		"other.TestControl":          "other.TestControl",
		"b8":                         "splice.TestPunchHole other.TestControl",
		"TestControl":                "error: TestControl is in several suites: name one of splice.TestControl, other.TestControl",
		"splice.TestPunchHol":        `error: no test "splice.TestPunchHol": did you mean splice.TestPunchHole?`,
		"nothing like any of these!": `error: no test "nothing like any of these!"`,
	} {
		found, err := Find(suites, name)
		got := strings.Join(fullNames(found), " ")
		if err != nil {
			var bad interface{ BadInput() }
			if !errors.As(err, &bad) {
				t.Errorf("Find(%q): %v is not bad input", name, err)
			}
			got = "error: " + err.Error()
		}
		if got != want {
			t.Errorf("Find(%q) = %s, want %s", name, got, want)
		}
	}
}

func TestList(t *testing.T) {
	list := List(suites, ListWidth)
	for _, want := range []string{
		"splice: truncation\n", "B8  TestPunchHole", "A hole is punched.", "modules brd, loop", "2 cells", "control",
		"pages of 64 KiB are too large: without b\n",
		"3 tests, 4 cells on each kernel and filesystem\n",
	} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %q:\n%s", want, list)
		}
	}
}

func TestWrite(t *testing.T) {
	tests, err := Find(suites, "splice.TestPunchHole")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := Write(&b, tests, "run -t"); err != nil {
		t.Fatal(err)
	}
	if want := "Seen here: nothing; run -t splice.TestPunchHole\n"; !strings.HasSuffix(b.String(), want) {
		t.Errorf("the description does not end with %q:\n%s", want, b.String())
	}
	if want := "left out    pages of 64 KiB are too large: without b\n"; !strings.Contains(b.String(), want) {
		t.Errorf("the description lacks %q:\n%s", want, b.String())
	}
	tests[0].Seen = []Observation{{Kernel: "6.12", FS: "xfs", Verdict: "pass"}, {Kernel: "6.12", FS: "xfs", Verdict: "fail", Outcome: "torn"}}
	b.Reset()
	if err := Write(&b, tests, ""); err != nil {
		t.Fatal(err)
	}
	if want := "1 fail torn, 1 pass"; !strings.Contains(b.String(), want) {
		t.Errorf("the description lacks %q:\n%s", want, b.String())
	}
}
