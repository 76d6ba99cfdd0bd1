package splice

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var deviceSource = kit.Test{
	Name: "TestDeviceSource", ID: "A9", Family: familyAccounting, Kind: outcome.Characterisation, Priority: 1,
	Doc:    "/dev/zero and /dev/full as source: EINVAL up to Linux 6.1, zeros on 6.12.",
	Steps:  []string{"Splice a page from the device into a pipe.", "Drain the pipe: as many zeros as the count says."},
	Oracle: "all bytes are zero, and there are as many as splice returned; a refusal is recorded by its errno",
	Cells:  kit.Named("zero", "full"),
}

func TestDeviceSource(t *testing.T) {
	kit.Run(t, deviceSource, func(c *kit.Cell) {
		path := "/dev/" + c.Shape.Variant
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			c.Infra("open %s: %s", path, kit.ErrnoName(err))
		}
		c.T.Cleanup(func() { _ = unix.Close(fd) })
		p := c.Pipe()
		n, err := unix.Splice(fd, nil, p.W, nil, kit.PageSize, 0)
		if err != nil {
			c.Failed("splice from "+path, err)
		}
		got := p.Drain()
		switch {
		case len(got) < int(n) || n == 0:
			c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: fmt.Sprintf("splice returned %d, %d bytes delivered", n, len(got))})
		case len(got) > int(n):
			c.Conclude(kit.Finding{Outcome: outcome.Extra, Detail: fmt.Sprintf("splice returned %d, %d bytes delivered", n, len(got))})
		}
		for i, b := range got {
			if b != 0 {
				c.Conclude(kit.Finding{Outcome: outcome.Foreign, Detail: fmt.Sprintf("byte %d of %s is %#x", i, path, b)})
			}
		}
		c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: fmt.Sprintf("%d zeros", len(got))})
	})
}
