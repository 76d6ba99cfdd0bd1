package export

import (
	"slices"
	"testing"
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
