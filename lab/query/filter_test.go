package query

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

func TestFilter(t *testing.T) {
	cell := results.Cell{Attempt: results.Attempt{CellKey: results.CellKey{Kernel: "6.12.95", FS: "xfs", Test: "splice.TestWrite/a"}, Verdict: outcome.Fail}}
	for _, c := range []struct {
		filter Filter
		want   bool
	}{
		{Filter{}, true},
		{Filter{Kernel: "6.12"}, true},
		{Filter{Kernel: "6.1.", Filesystem: "xfs"}, false},
		{Filter{Filesystem: "xf"}, false},
		{Filter{Tests: "Write/"}, true},
		{Filter{Verdict: "crash, fail"}, true},
		{Filter{Verdict: "pass"}, false},
	} {
		selects, err := c.filter.Compile()
		if err != nil {
			t.Fatal(err)
		}
		if got := selects(cell); got != c.want {
			t.Errorf("%+v selects the cell: %v, want %v", c.filter, got, c.want)
		}
	}
	for _, bad := range []Filter{{Tests: "("}, {Verdict: "broken"}} {
		if _, err := bad.Compile(); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

func TestParseCell(t *testing.T) {
	key, ok := ParseCell("6.12/xfs/splice.TestWrite/small")
	if want := (results.CellKey{Kernel: "6.12", FS: "xfs", Test: "splice.TestWrite/small"}); !ok || key != want {
		t.Errorf("got %+v, %v", key, ok)
	}
	file := filepath.Join(t.TempDir(), "report")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"6.12/xfs", "6.12//TestWrite", "a/b/c.yaml", file} {
		if _, ok := ParseCell(text); ok {
			t.Errorf("%q was read as a cell", text)
		}
	}
}
