package spell_test

import (
	"slices"
	"testing"

	"github.com/splicelab/splicelab/internal/spell"
)

func TestNearest(t *testing.T) {
	known := []string{"kernels", "filesystems", "policy", "isolation", "json", "ktap"}
	for _, c := range []struct{ word, want string }{
		{"kernals", "kernels"},
		{"kernel", "kernels"},
		{"polciy", "policy"},
		{"jsno", "json"},
		{"file-systems", "filesystems"},
		{"frobnicate", ""},
		{"x", ""},
		{"", ""},
	} {
		if got := spell.Nearest(c.word, known); got != c.want {
			t.Errorf("Nearest(%q) = %q, want %q", c.word, got, c.want)
		}
	}
	if got := spell.Nearest("anything", nil); got != "" {
		t.Errorf("Nearest without known words = %q", got)
	}
}

func TestNearIsSorted(t *testing.T) {
	got := spell.Near("ext", []string{"btrfs", "ext2-dax", "ext42", "ext4", "ext2", "ext"})
	if want := []string{"ext", "ext4", "ext2", "ext42"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
