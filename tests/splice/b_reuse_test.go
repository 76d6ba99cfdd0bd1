package splice

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var reused = kit.Test{
	Name: "TestReused", ID: "B16", Family: familyMutation, Kind: outcome.Invariant,
	Doc: "The file is truncated to zero or unlinked, and closed; its pages and blocks are reused. The pipe keeps its data and never exposes anybody else's.",
	Steps: spliceThenSteps(
		"Truncate or unlink the file, and close it.",
		"Allocate enough page cache and anonymous memory, filled with another file's pattern, that a prematurely freed page is likely to be reused.",
	),
	Oracle: "every byte is from the file as of the splice; pattern data of the other file is foreign",
	Known: []string{
		"snapshot on 5.10, 6.1, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs",
	},
	Cells: kit.Sweep("truncate", "unlink"),
}

func TestReused(t *testing.T) {
	kit.Run(t, reused, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		if c.Shape.Variant == "truncate" {
			f.Truncate(0)
		} else if err := os.Remove(f.Path); err != nil {
			c.Infra("unlink: %v", err)
		}
		f.Close()
		amplify(c)
		c.Record(p.Finding(f))
	})
}

// amplify reuses the most recently freed pages, which the kernel allocates first:
// as page cache and as anonymous memory, small and huge. It fills them with
// another file's pattern.
func amplify(c *kit.Cell) {
	size := 128 * kit.PageSize
	cache := c.FileOf(size, kit.LargeLen, true)
	for range 2 {
		m, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
		if err != nil {
			c.Infra("map anonymous memory: %s", kit.ErrnoName(err))
		}
		c.T.Cleanup(func() { _ = unix.Munmap(m) })
		copy(m, cache.History.Content())
	}
}
