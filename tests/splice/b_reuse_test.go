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
	Doc: "The file is truncated to nothing or unlinked, closed, and its memory and blocks are put to other use: the pipe keeps what it has, and shows nobody else's data.",
	Steps: []string{
		"Splice the beginning of a file into a pipe.",
		"Truncate or unlink the file, and close it.",
		"Fill as much page cache and anonymous memory as tells, with the pattern of another file, so that a page given back too early shows it.",
		"Read the pipe.",
	},
	Oracle: "every byte is what the file held when it was spliced; a cell of the other file is foreign",
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

// amplify takes the pages that were freed last, which the kernel hands out
// first, for page cache and for anonymous memory, small and large, and puts a
// pattern into them that is of another file.
func amplify(c *kit.Cell) {
	const size = 512 << 10
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
