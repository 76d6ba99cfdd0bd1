package splice

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

const familyMemory = "D user memory"

var memory = []kit.Test{
	vmspliceStore, vmspliceGift, vmsplicePrivate, forked, vmspliceShared,
	sealWrite, sealedFrozen, sealFutureWrite, secretMemory, hugetlb, hugetlbSplice,
}

// memoryOracle describes Pipe.JudgeMemory.
const memoryOracle = "every byte that the reader received is in the history of its address, which tells its version; afterwards the memory contains what was stored last"

var vmspliceStore = kit.Test{
	Name: "TestVmsplice", ID: "D1", Family: familyMemory, Kind: outcome.Characterisation, Priority: 0,
	Doc: "Anonymous memory is put into a pipe by vmsplice(2) and then stored to: one page, several, and a part of a transparent huge page.",
	Steps: []string{
		"Fill anonymous memory with the pattern.",
		"vmsplice it into a pipe.",
		"Store the next generation over it.",
		"Read the pipe.",
	},
	Oracle: memoryOracle,
	Cells:  kit.WithHuge(kit.Named("small", "large", "thp"), "thp"),
	Known:  []string{"live on 5.10, 6.1, 6.12, 6.18 and 7.3, tmpfs, ext4, xfs and btrfs"},
}

func TestVmsplice(t *testing.T) {
	kit.Run(t, vmspliceStore, func(c *kit.Cell) {
		n := c.Shape.Span
		if c.Shape.Variant == "small" {
			n = kit.PageSize
		}
		m := c.Memory(n, c.Shape.Variant == "thp")
		p := m.Vmsplice(0)
		m.Store(0, n)
		p.JudgeMemory(m)
	})
}

var vmspliceGift = kit.Test{
	Name: "TestVmspliceGift", ID: "D2", Family: familyMemory, Kind: outcome.Characterisation, Priority: 1,
	Doc: "Memory is gifted by SPLICE_F_GIFT and, against the contract, stored to; also memory that is not a whole page, which cannot be gifted.",
	Steps: []string{
		"Fill anonymous memory with the pattern.",
		"vmsplice it, or bytes 512 to 1536 of it, into a pipe with SPLICE_F_GIFT.",
		"Store the next generation over it.",
		"Read the pipe.",
	},
	Oracle: memoryOracle + "; a kernel that refuses the flag is recorded by its errno",
	Cells:  kit.Named("page", "unaligned"),
	Known:  []string{"the flag is accepted and live on 5.10, 6.1, 6.12, 6.18 and 7.3, tmpfs, ext4, xfs and btrfs"},
}

func TestVmspliceGift(t *testing.T) {
	kit.Run(t, vmspliceGift, func(c *kit.Cell) {
		m := c.Memory(kit.PageSize, false)
		p := c.Pipe()
		off, n := 0, kit.PageSize
		if c.Shape.Variant == "unaligned" {
			off, n = 512, 1024
		}
		p.VmspliceAt(m.History, m.Bytes(), off, n, unix.SPLICE_F_GIFT)
		c.Attr("gift", "accepted")
		m.Store(0, kit.PageSize)
		p.JudgeMemory(m)
	})
}

var vmsplicePrivate = kit.Test{
	Name: "TestVmsplicePrivate", ID: "D3", Family: familyMemory, Kind: outcome.Invariant, Priority: 1,
	Doc: "A private file mapping is put into a pipe and stored to: the store stays private, and the file never changes. The attribute received tells what the reader of the pipe got.",
	Steps: []string{
		"Map the file with MAP_PRIVATE; in the touched cells, store to the mapping, which breaks COW.",
		"vmsplice the mapping into a pipe.",
		"Store to the mapping.",
		"Read the pipe, then check the file.",
	},
	Oracle: "read(2), a fresh mapping and O_DIRECT show the file as it was written, and the reader received, without mixing, either the mapping as of the vmsplice or what was stored later",
	Fault:  kit.FaultSource,
	Cells:  kit.Varied([]string{"pristine", "touched"}, kit.Large()[:1]),
	Known:  []string{"snapshot on 5.10, 6.1, 6.12, 6.18 and 7.3, tmpfs, ext4, xfs and btrfs"},
}

func TestVmsplicePrivate(t *testing.T) {
	kit.Run(t, vmsplicePrivate, func(c *kit.Cell) {
		f := c.File()
		f.Observe(0)
		m, err := unix.Mmap(f.FD, 0, c.Shape.Span, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE)
		if err != nil {
			c.Infra("mmap: %s", kit.ErrnoName(err))
		}
		c.T.Cleanup(func() { _ = unix.Munmap(m) })
		// The mapping's content has a separate history, which starts as a copy of
		// the file's.
		private := f.History.Clone()
		if c.Shape.Variant == "touched" {
			copy(m, private.Write(0, c.Shape.Span))
		}
		p := c.Pipe()
		p.Vmsplice(private, m, 0)
		copy(m, private.Write(0, c.Shape.Span))
		got := p.FindingOf(private, p.Drain())
		c.Attr("received", string(got.Outcome))
		found := kit.Finding{Outcome: outcome.Snapshot, Detail: "the file is unchanged; the reader received: " + got.Detail}
		if got.Outcome.Rank() > outcome.Live.Rank() {
			found = got
		}
		c.Record(found.Worse(f.Views()))
	})
}

var vmspliceShared = kit.Test{
	Name: "TestVmspliceShared", ID: "D5", Family: familyMemory, Kind: outcome.Characterisation, Priority: 1,
	Doc: "A shared file mapping is put into a pipe by vmsplice(2), and then the file is overwritten by write(2).",
	Steps: []string{
		"Map the file with MAP_SHARED.",
		"vmsplice the mapping into a pipe.",
		"Overwrite the file by write(2).",
		"Read the pipe.",
	},
	Cells: kit.Sweep(),
	Known: []string{"live on 5.10, 6.1, 6.12, 6.18 and 7.3, tmpfs, ext4, xfs and btrfs"},
}

func TestVmspliceShared(t *testing.T) {
	kit.Run(t, vmspliceShared, func(c *kit.Cell) {
		f := c.File()
		f.Observe(0)
		m := f.Map(c.Shape.Span)
		p := c.Pipe()
		p.Vmsplice(f.History, m.Bytes(), 0)
		f.Write(0, c.Shape.Span)
		p.Judge(f)
	})
}
