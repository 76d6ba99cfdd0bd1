package splice

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/uring"
)

var uringSplice = kit.Test{
	Name: "TestUringSplice", ID: "B20", Family: familyMutation, Kind: outcome.Characterisation, Priority: 1,
	Doc: "IORING_OP_SPLICE instead of splice(2), then a buffered write.",
	Steps: []string{
		"Splice the beginning of a file into a pipe by an io_uring request, and wait for its completion.",
		"Overwrite that range.",
		"Read the pipe.",
	},
	Known: []string{
		"live on 5.10, 6.1, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs",
	},
	Needs: []string{"io_uring"},
	Cells: kit.Sizes(),
}

func TestUringSplice(t *testing.T) {
	kit.Run(t, uringSplice, func(c *kit.Cell) {
		r, err := uring.New(4)
		switch {
		case errors.Is(err, unix.ENOSYS):
			c.Skip("io_uring_setup: ENOSYS (a kernel without CONFIG_IO_URING)")
		case errors.Is(err, unix.EPERM):
			c.Skip("io_uring_setup: EPERM (forbidden by kernel.io_uring_disabled or a seccomp filter)")
		case err != nil:
			c.Failed("io_uring_setup", err)
		}
		c.T.Cleanup(r.Close)
		f := c.File()
		f.Observe(0)
		p := c.Pipe()
		f.History.Splice()
		for done := 0; done < c.Shape.Span; {
			e, err := r.Do(uring.SQE{Opcode: uring.OpSplice, FD: int32(p.W), Off: uring.NoOffset,
				SpliceFDIn: int32(f.FD), Addr: uint64(done), Len: uint32(c.Shape.Span - done)})
			if err != nil {
				c.Infra("%v", err)
			}
			if err := e.Err(); err != nil {
				c.Failed("IORING_OP_SPLICE", err)
			}
			if e.Res == 0 {
				c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: "IORING_OP_SPLICE: 0 before EOF"})
			}
			p.Spliced(int64(done), int(e.Res))
			done += int(e.Res)
		}
		f.Write(0, c.Shape.Span)
		p.Judge(f)
	})
}
