package bench

import (
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/protocol"
)

func suites() []protocol.Suite {
	return []protocol.Suite{
		{Name: "other", Tests: []protocol.Test{{Name: "TestAlone"}, {Name: "TestPlain", Plain: true}}},
		{Name: "splice", Tests: []protocol.Test{
			{Name: "TestControl", Control: true, Cells: []string{"a", "b"}},
			{Name: "TestSlow", Cells: []string{"a"}},
			{Name: "TestWrite", Cells: []string{"x", "y"}, Quick: []string{"x"}},
			{Name: "TestPunch", Cells: []string{"z"}, Quick: []string{"z"}},
		}},
	}
}

func TestPick(t *testing.T) {
	test, sibling, batch, err := Pick(suites(), `TestWrite/y$`)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range batch {
		names = append(names, b.Name())
	}
	if got := strings.Join(names, " "); got != "splice.TestWrite/x splice.TestWrite/y splice.TestPunch/z" {
		t.Errorf("throughput over %s, want all cells of the tests that have quick ones", got)
	}
	if test.Name() != "splice.TestWrite/y" || sibling.Name() != "splice.TestWrite/x" {
		t.Errorf("picked %s beside %s", test.Name(), sibling.Name())
	}
	if _, sibling, _, err = Pick(suites(), `TestPunch`); err != nil || sibling.Control || sibling.Suite != "splice" || sibling.Top == "TestPunch" {
		t.Errorf("a test without other cells is beside %+v, %v", sibling, err)
	}
}

func TestPickRefuses(t *testing.T) {
	for pattern, want := range map[string]string{
		`TestWrite`:   "matches 2 cells, such as splice.TestWrite/x and splice.TestWrite/y",
		`TestNowhere`: "no test matches",
		`(`:           "test pattern",
		`TestPlain`:   "does not use the kit",
	} {
		if _, _, _, err := Pick(suites(), pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", pattern, err, want)
		}
	}
	alone := []protocol.Suite{{Name: "s", Tests: []protocol.Test{{Name: "TestAlone"}}}}
	if _, _, _, err := Pick(alone, "TestAlone"); err == nil || !strings.Contains(err.Error(), "no other test") {
		t.Errorf("a suite of one test: %v", err)
	}
}

func TestSpread(t *testing.T) {
	_, _, all, err := Pick(suites(), `TestWrite/y$`)
	if err != nil {
		t.Fatal(err)
	}
	if got := spread(all, 2); len(got) != 2 || got[0].Name() != all[0].Name() || got[1].Name() != all[1].Name() {
		t.Errorf("%v", got)
	}
	if got := spread(all, 10); len(got) != len(all) {
		t.Errorf("%d of %d", len(got), len(all))
	}
}
