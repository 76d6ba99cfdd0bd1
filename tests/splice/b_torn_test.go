package splice

import (
	"errors"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/uffd"
)

var tornRead = kit.Test{
	Name: "TestTornRead", ID: "B22", Family: familyMutation, Kind: outcome.Characterisation,
	Doc: "A read(2) of the pipe is stopped halfway through its copy, the file is overwritten, and the read continues: at a page boundary or, in the sector cells, inside a page.",
	Steps: []string{
		"Splice the beginning of a file into a pipe.",
		"Read the pipe into memory of which only the first page is present; the rest is registered with userfaultfd.",
		"Wait until the read faults on the second page, with the first one full.",
		"Overwrite the range in the file, then resolve the fault.",
	},
	Oracle: "every byte is in the history of its offset; if the two halves of the read are of different generations, the read is torn; the sector behind the boundary may be of either, since some CPUs copy through registers",
	Known: []string{
		"torn on 5.10, 6.1, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs",
	},
	Needs: []string{"userfaultfd"},
	Cells: slices.Concat(kit.Varied([]string{"page"}, kit.Sizes()[1:]), kit.Sizes("sector")),
}

func TestTornRead(t *testing.T) {
	kit.Run(t, tornRead, func(c *kit.Cell) {
		front := kit.PageSize // bytes that the read copies before it faults
		if c.Shape.Variant == "sector" {
			front /= 2
		}
		skip := kit.PageSize - front
		r := missingMemory(c, (c.Shape.Span+skip+kit.PageSize-1)/kit.PageSize*kit.PageSize)
		f := c.File()
		p := f.Splice()
		var got []byte
		read := c.Start(func() error {
			n, err := unix.Read(p.R, r.Bytes(skip)[:c.Shape.Span])
			if err == nil {
				got = r.Bytes(skip)[:n]
			}
			return err
		})
		at, err := r.Await(time.Now().Add(5 * time.Second))
		if err != nil || at != kit.PageSize {
			c.Infra("the read should have faulted on the second page: at %d, %v", at, err)
		}
		f.Write(0, c.Shape.Span)
		if err := r.Resolve(kit.PageSize, len(r.Bytes(kit.PageSize))); err != nil {
			c.Infra("%v", err)
		}
		if err := read.Wait(); err != nil {
			c.Failed("read from the pipe", err)
		}
		p.JudgeReceivedOutside(f, slices.Clone(got), "the read returned nothing", int64(front), inRegisters)
	})
}

// inRegisters bounds how many bytes a copy has loaded, and delivers when it
// continues, although the store to their destination is the one that faulted: none
// on x86-64, 64 on arm64 and riscv64. It is a sector, so that tears are still
// told apart by their unit.
const inRegisters = 512

// missingMemory is memory of which only the first page is present.
func missingMemory(c *kit.Cell, n int) *uffd.Region {
	r, err := uffd.New(n)
	switch {
	case errors.Is(err, unix.ENOSYS):
		c.Skip("userfaultfd: ENOSYS (a kernel without CONFIG_USERFAULTFD)")
	case errors.Is(err, unix.EPERM):
		c.Skip("userfaultfd: EPERM (not root and vm.unprivileged_userfaultfd is 0, or a seccomp filter)")
	case err != nil:
		c.Failed("userfaultfd", err)
	}
	c.T.Cleanup(r.Close)
	if err := r.Resolve(0, kit.PageSize); err != nil {
		c.Infra("%v", err)
	}
	return r
}
