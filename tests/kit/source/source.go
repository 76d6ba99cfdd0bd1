// Package source implements the kinds of file that data is spliced from: on the
// filesystem under test, in memory, on devices, behind other filesystems. Tests
// treat a source as data: a sweep ranges over All.
package source

import "github.com/splicelab/splicelab/tests/kit"

// Source is one kind of file.
type Source struct {
	Name    string   // as in cell names: a-z, 0-9 and -
	Doc     string   // one sentence
	Modules []string // kernel modules that it may request
	// Copies is true for a source whose splice is known to copy, so that spliced
	// data cannot change on any kernel.
	Copies bool
	// Open creates a file of the cell's shape. A missing kernel feature ends
	// the cell with a skip that names it; everything is undone when the cell
	// ends.
	Open func(c *kit.Cell) *kit.File
}

// All lists the sources, one per line.
var All = []Source{
	File,
	Direct,
	Memfd,
	Sealed,
	Hugetlb,
	FUSE,
	FUSEDirect,
	Block,
	Loop,
	Overlay,
	DAX,
}

// Names are the names of sources, for the cells of a test.
func Names(all []Source) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = s.Name
	}
	return out
}

// Modules are the kernel modules that sources may request, without duplicates.
func Modules(all []Source) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range all {
		for _, m := range s.Modules {
			if !seen[m] {
				seen[m] = true
				out = append(out, m)
			}
		}
	}
	return out
}

// File is a file on the filesystem under test.
var File = Source{
	Name: "file", Doc: "a file on the filesystem under test",
	Open: func(c *kit.Cell) *kit.File { return c.File() },
}
