package format

import (
	"strconv"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results"
)

// The names of what documents say about a kernel besides its release.
const (
	noteArch     = "arch"
	noteFlavour  = "flavour"
	notePageSize = "page_size"
)

// platformNotes is what is known of a kernel's platform.
func platformNotes(p results.Platform) []note {
	var all []note
	for _, n := range []note{{noteArch, p.Arch}, {noteFlavour, p.Flavour}} {
		if n.value != "" {
			all = append(all, n)
		}
	}
	if p.PageSize > 0 {
		all = append(all, note{notePageSize, strconv.Itoa(p.PageSize)})
	}
	return all
}

// maxPageSize is far above the largest page that Linux has.
const maxPageSize = 1 << 30

// platform notes what a document of splicelab says about a kernel; ok is false if
// that is something else than its platform.
func (n *names) platform(kernel, name, value string) (ok bool) {
	kernel = sanitize.Line(kernel)
	p := n.platforms[kernel]
	switch name {
	case noteArch:
		p.Arch = sanitize.Line(value)
	case noteFlavour:
		p.Flavour = sanitize.Line(value)
	case notePageSize:
		if size, err := strconv.Atoi(value); err == nil && size > 0 && size <= maxPageSize {
			p.PageSize = size
		}
	default:
		return false
	}
	n.platforms[kernel] = p
	return true
}
