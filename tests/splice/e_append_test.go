package splice

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var appended = kit.Test{
	Name: "TestAppend", ID: "E5", Family: familyEnd, Kind: outcome.Invariant, Priority: 1,
	Doc: "After each of many appends, a splice that asks for more delivers exactly the appended bytes; a page that was in a pipe before an append to the same page delivers no more than before.",
	Steps: []string{
		"Append a few bytes and splice from the old EOF, asking for a whole pipe.",
		"The count must be the number of appended bytes.",
		"Repeat with lengths that end before, at and after a page boundary, all into one pipe.",
		"In the truncated cells, truncate each append away and redo it before the splice.",
	},
	Known: []string{"exact on 5.10 to 7.3 on tmpfs, ext4, xfs and btrfs"},
	Cells: kit.Named("extended", "truncated"),
}

func TestAppend(t *testing.T) {
	kit.Run(t, appended, func(c *kit.Cell) {
		f := emptyFile(c)
		p := c.Pipe()
		page := kit.PageSize
		for _, n := range []int{1, 63, 448, page - 513, 1, page - 1, page, page + 1, 100, 2*page + 808} {
			at := int64(f.History.Size())
			f.Write(at, n)
			if c.Shape.Variant == "truncated" {
				f.Truncate(int(at))
				f.Write(at, n)
			}
			spliceTail(c, f, p, at, n)
		}
		// The pipe was filled while the file grew. Appends change no existing
		// byte, so its whole content must match the file as it is now.
		f.History.Splice()
		p.Judge(f)
	})
}

// spliceTail splices from off to EOF, which is n bytes away.
func spliceTail(c *kit.Cell, f *kit.File, p *kit.Pipe, off int64, n int) {
	at := off
	m, err := unix.Splice(f.FD, &at, p.W, nil, kit.LargeLen, unix.SPLICE_F_NONBLOCK)
	if err != nil {
		c.Failed(fmt.Sprintf("splice at %d of a file of %d bytes", off, f.History.Size()), err)
	}
	p.Spliced(off, int(m))
	what := fmt.Sprintf("splice at %d of a file of %d bytes returned %d", off, f.History.Size(), m)
	switch {
	case int(m) > n:
		c.Conclude(kit.Finding{Outcome: outcome.Extra, Detail: what})
	case int(m) < n:
		c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: what})
	}
}
