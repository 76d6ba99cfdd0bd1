package kit

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/splicelab/splicelab/internal/protocol"
)

// PageSize is that of the running kernel. The host describes the suite with its
// own, which may be another one: what is declared must not depend on it but for
// the sizes of a Shape.
var PageSize = os.Getpagesize()

// Sizes of the sweep, in bytes. They are numbers of pages, so that a cell is the
// same experiment with every page size.
var (
	LargeLen = 16 * PageSize    // the large file: a large folio if the filesystem supports them
	SpanLen  = 4 * PageSize     // the part of a large or huge file that is spliced
	HugeLen  = hugeLen(sysHuge) // the huge file: a folio of the size of a huge page at best
)

const sysHuge = "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"

// hugeLen is the size of a huge page according to the kernel, or what it follows
// from the page size if the kernel does not tell.
func hugeLen(path string) int {
	if b, err := os.ReadFile(path); err == nil {
		if n, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && n > PageSize && n&(n-1) == 0 {
			return n
		}
	}
	return hugeOf(PageSize)
}

// hugeOf is the size of a huge page with that page size: what a page full of
// 64-bit PTEs maps. It is 2 MiB, 32 MiB and 512 MiB for 4 KiB, 16 KiB and 64 KiB.
func hugeOf(page int) int { return page / 8 * page }

// mostHuge bounds the huge pages and files of the suite: a guest, and its disk,
// has room for a few of 32 MiB, but not of 512 MiB.
const mostHuge = 64 << 20

// pageSizes are those of the architectures that Linux runs on here.
var pageSizes = []int{4 << 10, 16 << 10, 64 << 10}

// leftOut lists, for each page size, the cells that skip on it.
func leftOut(shapes []Shape) []protocol.LeftOut {
	var huge []string
	for _, s := range shapes {
		if s.Huge {
			huge = append(huge, s.Name)
		}
	}
	var out []protocol.LeftOut
	for _, page := range pageSizes {
		if n := hugeOf(page); len(huge) > 0 && n > mostHuge {
			out = append(out, protocol.LeftOut{PageSize: page, Cells: huge, Reason: tooHuge(page, n)})
		}
	}
	return out
}

func tooHuge(page, huge int) string {
	return fmt.Sprintf("with pages of %d KiB a huge page has %d MiB, and the suite is limited to %d MiB", page>>10, huge>>20, mostHuge>>20)
}

// fits skips a cell that the running kernel's page size leaves out.
func (c *Cell) fits() {
	c.T.Helper()
	if c.Shape.Huge && HugeLen > mostHuge {
		c.Skip("%s", tooHuge(PageSize, HugeLen))
	}
}

// needHuge verifies that a cell that uses a huge page is declared so: otherwise
// the catalogue would not say which page sizes leave it out.
func (c *Cell) needHuge() {
	c.T.Helper()
	if !c.Shape.Huge {
		c.Infra("%s uses a huge page, and its shape is not declared Huge", c.T.Name())
	}
}

// WithHuge marks the named shapes as Huge.
func WithHuge(shapes []Shape, names ...string) []Shape {
	for _, name := range names {
		found := false
		for i := range shapes {
			if shapes[i].Name == name {
				shapes[i].Huge, found = true, true
			}
		}
		if !found {
			panic("kit.WithHuge: no shape is called " + name)
		}
	}
	return shapes
}

// wholePages rounds n up to whole pages.
func wholePages(n int) int { return (n + PageSize - 1) / PageSize * PageSize }
