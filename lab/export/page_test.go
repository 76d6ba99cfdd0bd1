package export

import (
	"context"
	"slices"
	"testing"

	"github.com/splicelab/splicelab/internal/protocol"
)

func TestCrashLines(t *testing.T) {
	for _, c := range []struct {
		name, log string
		want      []int
	}{
		{"a quiet log", "EXT4-fs (vda): mounted filesystem\nall is well\n", []int{}},
		{"nothing", "", []int{}},
		{"a fault, with user-space output in between", "[    1.000000] EXT4-fs (vda): mounted filesystem\n" +
			"[    2.000000] BUG: kernel NULL pointer dereference, address: 0000000000000010\n" +
			"a test's own words\n" +
			"[    2.000001] #PF: supervisor read access in kernel mode\n" +
			"[    2.000002] RIP: 0010:iomap_page_mkwrite+0x4c/0x200\n", []int{1, 2, 3, 4}},
		{"without time stamps", "EXT4-fs (vda): mounted filesystem\ngeneral protection fault, probably for non-canonical address 0xdead000000000122: 0000 [#1] PREEMPT SMP NOPTI\n" +
			"RIP: 0010:iomap_page_mkwrite+0x4c/0x200\n", []int{1, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := crashLines(c.log); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// The page describes a test as "splicelab tests show" does.
func TestAnnotatorDescribesTests(t *testing.T) {
	suite := protocol.Suite{Name: "splice", Tests: []protocol.Test{
		{Name: "TestPunchHole", ID: "B8", Family: "B mutation", Kind: "characterisation", Doc: "A hole.", Steps: []string{"write", "splice"}, Oracle: "nothing changes", Known: []string{"it does"}},
		{Name: "TestControl", Kind: "invariant", Control: true},
	}}
	a := NewAnnotator(t.Context(), func(context.Context) ([]protocol.Suite, error) { return []protocol.Suite{suite}, nil })
	got := a.About("splice.TestPunchHole")
	if got.Number != "B8" || got.Kind != "characterisation" || got.Doc != "A hole." || len(got.Steps) != 2 || got.Oracle != "nothing changes" || len(got.Known) != 1 {
		t.Errorf("the test is %+v", got)
	}
	if kind := a.About("splice.TestControl").Kind; kind != "control" {
		t.Errorf("the control cell is of kind %q", kind)
	}
	if unknown := a.About("splice.TestOther"); unknown.Doc != "" || unknown.Kind != "" || a.Family("splice.TestPunchHole/x") != "B mutation" {
		t.Errorf("an unknown test is %+v", unknown)
	}
}
