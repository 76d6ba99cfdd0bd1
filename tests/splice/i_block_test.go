package splice

import (
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/source"
)

var blockDevice = kit.Test{
	Name: "TestBlockDevice", ID: "I7", Family: familyLayered, Kind: outcome.Characterisation,
	Doc: "Of the data spliced from a block device, four pages, one page, or 1024 bytes inside a page are zeroed by BLKZEROOUT or BLKDISCARD, or overwritten.",
	Steps: []string{
		"Make a block device in memory and fill it.",
		"Splice its first four pages into a pipe.",
		"Zero or discard all of them (all), the second page (page), or 1024 bytes inside the first (sectors), or overwrite them.",
		"Read the pipe.",
	},
	Modules: source.Block.Modules, Guest: true,
	Known: []string{
		"write: live everywhere",
		"sectors: zeroed everywhere",
		"whole pages: snapshot on 5.10, 6.1 and 6.12, zeroed on 6.18 and 7.3",
	},
	Cells: kit.Named("write", "zeroout-all", "zeroout-page", "zeroout-sectors", "discard-all", "discard-page", "discard-sectors"),
}

func TestBlockDevice(t *testing.T) {
	kit.Run(t, blockDevice, func(c *kit.Cell) {
		f := source.Block.Open(c)
		p := f.Splice()
		how, what, _ := strings.Cut(c.Shape.Variant, "-")
		off, n := int64(0), c.Shape.Span
		switch what {
		case "page":
			off, n = int64(kit.PageSize), kit.PageSize
		case "sectors":
			off, n = 1024, 1024
		}
		switch how {
		case "write":
			f.Write(off, n)
		case "zeroout":
			source.ZeroOut(c, f, off, n)
		case "discard":
			source.Discard(c, f, off, n)
		}
		p.Judge(f)
	})
}

var loopDevice = kit.Test{
	Name: "TestLoopDevice", ID: "I10", Family: familyLayered, Kind: outcome.Characterisation,
	Doc: "Data is spliced from a loop device, and then the device, or its backing file, is changed.",
	Steps: []string{
		"Put a loop device over a file of the filesystem under test.",
		"Splice its first four pages into a pipe.",
		"Overwrite them through the device (device), or overwrite or punch that range in the backing file.",
		"Read the pipe.",
	},
	Oracle:  "every byte that the reader received is in the history of its offset, which tells its version; afterwards read(2), a fresh mapping and O_DIRECT show the changed side as expected",
	Modules: source.Loop.Modules, Guest: true,
	Known: []string{
		"device: live everywhere",
		"backing-write and backing-punch: snapshot everywhere",
	},
	Cells: kit.Named("device", "backing-write", "backing-punch"),
}

func TestLoopDevice(t *testing.T) {
	kit.Run(t, loopDevice, func(c *kit.Cell) {
		backing := c.File()
		f := source.OpenLoop(c, backing, c.Shape.Size)
		f.History = backing.History // the device has the file's content
		p := f.Splice()
		switch c.Shape.Variant {
		case "device":
			f.Write(0, c.Shape.Span)
			p.Judge(f)
			return
		case "backing-write":
			backing.Write(0, c.Shape.Span)
		case "backing-punch":
			backing.Punch(0, c.Shape.Span)
		}
		p.Judge(backing)
	})
}
