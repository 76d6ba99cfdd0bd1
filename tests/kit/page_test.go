package kit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/internal/protocol"
)

func TestHugeOf(t *testing.T) {
	for page, want := range map[int]int{4 << 10: 2 << 20, 16 << 10: 32 << 20, 64 << 10: 512 << 20} {
		if got := hugeOf(page); got != want {
			t.Errorf("a huge page has %d bytes with pages of %d, want %d", got, page, want)
		}
	}
}

// TestHugeLen checks that a kernel that does not tell, or tells nonsense, is not
// believed.
func TestHugeLen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hpage_pmd_size")
	for content, want := range map[string]int{"33554432\n": 32 << 20, "0\n": hugeOf(PageSize), "3000000\n": hugeOf(PageSize), "": hugeOf(PageSize)} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := hugeLen(file); got != want {
			t.Errorf("%q: %d, want %d", content, got, want)
		}
	}
	if got := hugeLen(file + ".missing"); got != hugeOf(PageSize) {
		t.Errorf("without the file: %d", got)
	}
}

func TestLeftOut(t *testing.T) {
	got := Suite{Tests: []Test{
		{Name: "TestA", Cells: SweepHuge()},
		{Name: "TestB", Cells: WithHuge(Named("small", "thp"), "thp")},
		{Name: "TestC", Cells: Sweep()},
	}}.Describe()
	reason := "with pages of 64 KiB a huge page has 512 MiB, and the suite is limited to 64 MiB"
	for i, want := range [][]protocol.LeftOut{
		{{PageSize: 64 << 10, Cells: []string{"2m-clean", "2m-readahead"}, Reason: reason}},
		{{PageSize: 64 << 10, Cells: []string{"thp"}, Reason: reason}},
		nil,
	} {
		if diff := cmp.Diff(want, got.Tests[i].LeftOut); diff != "" {
			t.Errorf("%s (-want +got):\n%s", got.Tests[i].Name, diff)
		}
	}
}

// TestFits runs a cell that this page size leaves out: it must skip with the
// reason of the catalogue.
func TestFits(t *testing.T) {
	was := HugeLen
	defer func() { HugeLen = was }()
	HugeLen = 2 * mostHuge
	var inner *testing.T
	t.Run("huge", func(t *testing.T) {
		inner = t
		c := &Cell{T: t, Shape: Huge()[0]}
		c.fits()
		t.Error("the cell ran")
	})
	if inner == nil || !inner.Skipped() {
		t.Error("the cell did not skip")
	}
	t.Run("large", func(t *testing.T) { (&Cell{T: t, Shape: Large()[0]}).fits() })
}

// TestPages checks that the sweep is made of pages, so that a cell is the same
// experiment with every page size.
func TestPages(t *testing.T) {
	for _, s := range SweepHuge() {
		if s.Size%PageSize != 0 || s.Chunk%PageSize != 0 || s.Span%PageSize != 0 {
			t.Errorf("%s: %d bytes written in %d, %d spliced: not whole pages of %d", s.Name, s.Size, s.Chunk, s.Span, PageSize)
		}
		// "2m" is older than other page sizes, and stored results go by it.
		if name := strings.TrimPrefix(s.Name, "2m-"); strings.ContainsAny(name, "0123456789") {
			t.Errorf("%s: a number in the name of a cell whose size depends on the page size", s.Name)
		}
		if pages := s.Size / PageSize; strings.HasPrefix(s.Name, "large") && pages < 2*s.Span/PageSize {
			t.Errorf("%s has %d pages", s.Name, pages)
		}
	}
}
