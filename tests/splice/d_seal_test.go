package splice

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/source"
)

var sealWrite = kit.Test{
	Name: "TestSealWrite", ID: "D6", Family: familyMemory, Kind: outcome.Characterisation, Priority: 0,
	Doc: "A memfd is sealed against writing while a pipe references its pages, put there by splice(2), or by vmsplice(2) of a mapping that no longer exists.",
	Steps: []string{
		"Put the beginning of the memfd into a pipe.",
		"F_ADD_SEALS(F_SEAL_WRITE).",
		"Read the pipe.",
	},
	Oracle: "EBUSY is blocked; if the seal succeeds, the reader must receive the memfd's content",
	Fault:  kit.FaultObservation,
	Cells:  kit.Named("splice", "vmsplice"),
	Known:  []string{"blocked on 5.10, 6.1, 6.12, 6.18 and 7.3, tmpfs, ext4, xfs and btrfs"},
}

func TestSealWrite(t *testing.T) {
	kit.Run(t, sealWrite, func(c *kit.Cell) {
		f := source.MemfdOf(c, 0)
		p := intoPipe(c, f)
		if err := c.SawError(seal(f, unix.F_SEAL_WRITE)); err != nil {
			c.Failed("F_ADD_SEALS(F_SEAL_WRITE)", err)
		}
		if have := seals(c, f); have&unix.F_SEAL_WRITE == 0 {
			c.Conclude(kit.Finding{Outcome: outcome.Error, Detail: "F_ADD_SEALS succeeded, but F_SEAL_WRITE is not set", Never: true})
		}
		p.Judge(f)
	})
}

var sealedFrozen = kit.Test{
	Name: "TestSealedIsFrozen", ID: "D6", Family: familyMemory, Kind: outcome.Invariant, Priority: 0,
	Doc: "Once a memfd has F_SEAL_WRITE, nobody can change its content or what a pipe shows of it. A seal refused because of a pipe is not set, and succeeds once the pipe is empty.",
	Steps: []string{
		"Put the beginning of the memfd into a pipe.",
		"F_ADD_SEALS(F_SEAL_WRITE); if it fails with EBUSY, drain the pipe and repeat.",
		"Try to write, to splice into it, to punch a hole, and to map it writable.",
		"Read the pipe, and check the memfd.",
	},
	Oracle: "every change fails with EPERM, and the reader and all three views of the memfd show its content at the time of the seal",
	Fault:  kit.FaultObservation,
	Cells:  kit.Named("splice", "vmsplice"),
	Known:  []string{"snapshot on 5.10, 6.1, 6.12, 6.18 and 7.3, tmpfs, ext4, xfs and btrfs"},
}

func TestSealedIsFrozen(t *testing.T) {
	kit.Run(t, sealedFrozen, func(c *kit.Cell) {
		f := source.MemfdOf(c, 0)
		p := intoPipe(c, f)
		var early []byte
		err := seal(f, unix.F_SEAL_WRITE)
		if errors.Is(err, unix.EBUSY) {
			if have := seals(c, f); have != 0 {
				c.Conclude(kit.Finding{Outcome: outcome.Error, Detail: fmt.Sprintf("the seal was refused, but the seals are %#x", have), Never: true})
			}
			early = p.Drain()
			err = seal(f, unix.F_SEAL_WRITE)
			c.Attr("sealed", "after the pipe was drained")
		}
		if err != nil {
			c.Failed("F_ADD_SEALS(F_SEAL_WRITE)", err)
		}
		for _, change := range changes(c, f) {
			if err := c.SawError(change.do()); !errors.Is(err, unix.EPERM) {
				c.Conclude(kit.Finding{Outcome: outcome.Error, Never: true,
					Detail: fmt.Sprintf("%s of a memfd with F_SEAL_WRITE: %v instead of EPERM", change.name, err)})
			}
		}
		c.Record(p.FindingOf(f.History, append(early, p.Drain()...)).Worse(f.Views()))
	})
}

// change is one way to change a file.
type change struct {
	name string
	do   func() error
}

func changes(c *kit.Cell, f *kit.File) []change {
	return []change{
		{"write", func() error {
			_, err := unix.Pwrite(f.FD, []byte("written despite the seal"), 100)
			return err
		}},
		{"splice into it", func() error {
			p := c.Pipe()
			sendByte(c, p)
			off := int64(0)
			_, err := unix.Splice(p.R, nil, f.FD, &off, 1, 0)
			return err
		}},
		{"FALLOC_FL_PUNCH_HOLE", func() error {
			return unix.Fallocate(f.FD, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, int64(kit.PageSize))
		}},
		{"a shared writable mapping", func() error {
			m, err := unix.Mmap(f.FD, 0, kit.PageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
			if err == nil {
				_ = unix.Munmap(m)
			}
			return err
		}},
	}
}

var sealFutureWrite = kit.Test{
	Name: "TestSealFutureWrite", ID: "D7", Family: familyMemory, Kind: outcome.Characterisation, Priority: 1,
	Doc: "F_SEAL_FUTURE_WRITE is set on a memfd while a pipe references its pages; then a store goes through an existing mapping, the only one that may still write.",
	Steps: []string{
		"Map the memfd and splice its beginning into a pipe.",
		"F_ADD_SEALS(F_SEAL_FUTURE_WRITE); write(2) must then fail with EPERM.",
		"Store through the mapping.",
		"Read the pipe.",
	},
	Cells: kit.Named("store"),
	Known: []string{"live on 5.10, 6.1, 6.12, 6.18 and 7.3, tmpfs, ext4, xfs and btrfs"},
}

func TestSealFutureWrite(t *testing.T) {
	kit.Run(t, sealFutureWrite, func(c *kit.Cell) {
		f := source.MemfdOf(c, 0)
		m := f.Map(c.Shape.Span)
		p := f.Splice()
		if err := seal(f, unix.F_SEAL_FUTURE_WRITE); err != nil {
			c.Failed("F_ADD_SEALS(F_SEAL_FUTURE_WRITE)", err)
		}
		if _, err := unix.Pwrite(f.FD, []byte("written despite the seal"), 100); !errors.Is(err, unix.EPERM) {
			c.Conclude(kit.Finding{Outcome: outcome.Error, Detail: fmt.Sprintf("write with F_SEAL_FUTURE_WRITE: %v instead of EPERM", err), Never: true})
		}
		m.Store(0, c.Shape.Span)
		p.Judge(f)
	})
}

// intoPipe puts the beginning of f into a pipe, using the variant's method.
func intoPipe(c *kit.Cell, f *kit.File) *kit.Pipe {
	if c.Shape.Variant == "splice" {
		return f.Splice()
	}
	m, err := unix.Mmap(f.FD, 0, c.Shape.Span, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		c.Infra("mmap: %s", kit.ErrnoName(err))
	}
	p := c.Pipe()
	p.Vmsplice(f.History, m, 0)
	if err := unix.Munmap(m); err != nil {
		c.Infra("munmap: %s", kit.ErrnoName(err))
	}
	return p
}

func seal(f *kit.File, seals int) error {
	_, err := unix.FcntlInt(uintptr(f.FD), unix.F_ADD_SEALS, seals)
	return err
}

func seals(c *kit.Cell, f *kit.File) int {
	n, err := unix.FcntlInt(uintptr(f.FD), unix.F_GET_SEALS, 0)
	if err != nil {
		c.Infra("F_GET_SEALS: %s", kit.ErrnoName(err))
	}
	return n
}
