package source

import (
	"slices"
	"strings"

	"github.com/splicelab/splicelab/tests/kit"
)

// DAX is a file on the filesystem under test, mounted with dax: it bypasses the
// page cache, so there is no page to share.
var DAX = Source{
	Name: "dax", Doc: "a file on the filesystem under test, mounted with dax", Copies: true,
	Open: func(c *kit.Cell) *kit.File {
		if !onDAX(c) {
			c.Skip("%s is not mounted with dax: run on the filesystem profile ext4-dax or xfs-dax", c.FS.Point)
		}
		return c.File()
	},
}

// onDAX reports whether the filesystem under test is mounted with dax, which
// kernels show as dax or dax=always.
func onDAX(c *kit.Cell) bool {
	return slices.ContainsFunc(strings.Split(c.FS.Options, ","), func(o string) bool { return o == "dax" || o == "dax=always" })
}
