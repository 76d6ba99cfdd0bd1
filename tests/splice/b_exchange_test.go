package splice

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/fsctl"
)

var exchangedOver = kit.Test{
	Name: "TestExchangedOver", ID: "B15", Family: familyMutation, Kind: outcome.Characterisation, Priority: 1,
	Doc: "xfs gives the file the blocks of another one: those of the spliced range by XFS_IOC_EXCHANGE_RANGE or, in the swap cells, all of them by XFS_IOC_SWAPEXT.",
	Steps: []string{
		"Write two files of the same size, and splice the beginning of the first into a pipe.",
		"Exchange that range, or both files as a whole.",
		"Read the pipe.",
	},
	Known: []string{
		"by XFS_IOC_SWAPEXT snapshot on 6.1, 6.18 and 7.3",
		"XFS_IOC_EXCHANGE_RANGE was missing on 6.1; 6.18 and 7.3 refused a filesystem made without the feature",
	},
	Needs: []string{"xfs", string(kit.ExchangeRange)},
	Cells: kit.Sizes("range", "swap"),
}

func TestExchangedOver(t *testing.T) {
	kit.Run(t, exchangedOver, func(c *kit.Cell) {
		swap := c.Shape.Variant == "swap"
		call, n := string(kit.ExchangeRange), c.Shape.Span
		if swap {
			call, n = string(kit.SwapExtent), c.Shape.Size
		}
		only(c, "xfs", call)
		f := c.File()
		other := c.FileOf(c.Shape.Size, c.Shape.Chunk, false)
		p := f.Splice()
		if swap {
			f.Operate(kit.SwapExtent, call, func() error { return fsctl.XFSSwapExtents(f.FD, other.FD, status(c, f)) })
		} else {
			exchangeRange(c, f, other, n)
		}
		f.History.Replace(0, other.History.Content()[:n])
		p.Judge(f)
	})
}

// exchangeRange exchanges the first n bytes, and skips a filesystem made
// without the feature. A kernel that lacks the ioctl returns ENOTTY.
func exchangeRange(c *kit.Cell, f, other *kit.File, n int) {
	c.T.Helper()
	can, geometry := fsctl.XFSCanExchangeRange(f.FD)
	without := false
	f.Operate(kit.ExchangeRange, string(kit.ExchangeRange), func() error {
		err := fsctl.XFSExchangeRange(f.FD, other.FD, 0, int64(n))
		if without = errors.Is(err, unix.EOPNOTSUPP) && geometry == nil && !can; without {
			return nil
		}
		return err
	})
	if without {
		c.Skip("this xfs was made without exchange-range (mkfs.xfs -i exchange=1)")
	}
}
