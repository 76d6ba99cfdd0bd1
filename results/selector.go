package results

import (
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/arch"
)

// CutFlavour splits the name of a kernel, which may end with @FLAVOUR as a
// selector does: "6.12@arm64-16k".
func CutFlavour(name string) (bare, flavour string) {
	bare, flavour, _ = strings.Cut(name, "@")
	return bare, flavour
}

// OfFlavour returns the kernels of a flavour; of the architecture of that name, if
// they are none of Debian's. Without a flavour, and if there are several, it is
// the default one of this host, as in selectors, or else the first of them.
func OfFlavour(kernels []Kernel, flavour string) []Kernel {
	keep := func(like func(Kernel) bool) []Kernel {
		return slices.DeleteFunc(slices.Clone(kernels), func(k Kernel) bool { return !like(k) })
	}
	if flavour != "" {
		return keep(func(k Kernel) bool { return k.In(flavour) })
	}
	if usual := keep(Kernel.Usual); len(usual) > 0 {
		return usual
	}
	return keep(func(k Kernel) bool { return k.SameFlavour(kernels[0]) })
}

// In reports whether a kernel is of a flavour or, if it is none of Debian's, of the
// architecture of that name. Every kernel is of the empty flavour.
func (k Kernel) In(flavour string) bool {
	p := k.Comparable()
	return flavour == "" || p.Flavour == flavour || p.Flavour == "" && p.Arch == flavour
}

// Usual reports whether a kernel is of this host's default flavour, or is of its
// architecture and none of Debian's.
func (k Kernel) Usual() bool {
	p, a := k.Comparable(), arch.Default()
	return p.Arch == a.Name && (p.Flavour == "" || p.Flavour == a.Flavours[0])
}
