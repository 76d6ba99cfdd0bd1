package results

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/kernelversion"
)

// Platform is what kernels differ in besides their version.
type Platform struct {
	Arch     string `json:"arch"`      // as Debian and Go name it; empty: unknown
	Flavour  string `json:"flavour"`   // of Debian's kernels, such as "arm64-16k"; empty: none
	PageSize int    `json:"page_size"` // bytes; 0: unknown
}

// Kernel is a kernel of a run.
type Kernel struct {
	kernelversion.Release
	Platform
	Digest string // hex SHA-256; empty until the kernel is fetched
}

// KernelOf is a kernel of which only the release is known.
func KernelOf(release string) Kernel {
	return Kernel{Release: kernelversion.ReleaseOf(release), Platform: Platform{}.OfRelease(release)}
}

// Release is the kernel of an attempt: as the store has it, completed by what
// the release's name tells.
func (a *Attempt) Release() Kernel {
	k := Kernel{Release: kernelversion.Release{Name: a.Kernel, Version: a.Version}, Platform: a.Platform}
	if k.Version.IsZero() {
		k.Release = kernelversion.ReleaseOf(a.Kernel)
	}
	k.Platform = k.Platform.OfRelease(a.Kernel)
	return k
}

// OfRelease completes the platform of a release by what its name tells: results of
// older versions and of other tools have no more.
func (p Platform) OfRelease(release string) Platform {
	if p.Flavour == "" {
		p.Flavour = arch.FlavourOf(release)
	}
	if p.Arch == "" && p.Flavour != "" {
		if a, err := arch.OfFlavour(p.Flavour); err == nil {
			p.Arch = a.Name
		}
	}
	if p.PageSize == 0 && p.Arch != "" {
		// A kernel that is none of Debian's may have any of its architecture's
		// page sizes, where there are several.
		if a, err := arch.Parse(p.Arch); err == nil && (len(a.PageSizes) == 0 || slices.Contains(a.Flavours, p.Flavour)) {
			p.PageSize = a.PageSize(p.Flavour)
		}
	}
	return p
}

// Words describes the platform: "arm64, flavour arm64-16k, pages of 16 KiB". It is
// empty if nothing is known, and not sanitized.
func (p Platform) Words() string {
	var words []string
	if p.Arch != "" {
		words = append(words, p.Arch)
	}
	if p.Flavour != "" {
		words = append(words, "flavour "+p.Flavour)
	}
	if p.PageSize > 0 {
		words = append(words, fmt.Sprintf("pages of %d KiB", p.PageSize>>10))
	}
	return strings.Join(words, ", ")
}

// unrecorded is the architecture of results that do not record one: those of
// versions that had no other.
const unrecorded = "amd64"

// Comparable is the platform by which kernels are compared.
func (k Kernel) Comparable() Platform {
	p := k.Platform.OfRelease(k.Name)
	if p.Arch == "" {
		p.Arch = unrecorded
	}
	return p.OfRelease(k.Name)
}

// SameFlavour reports whether two kernels have architecture, flavour and page
// size in common. Only then does a difference between them come from their
// versions.
func (k Kernel) SameFlavour(o Kernel) bool {
	return k.Platform == o.Platform && k.Name == o.Name || k.Comparable() == o.Comparable()
}

// Compare orders kernels by flavour, in the order of the architectures and of
// their flavours, then by version. A kernel that is none of Debian's is among
// those of its architecture's default flavour.
func (k Kernel) Compare(o Kernel) int {
	if k.Platform != o.Platform || k.Platform == (Platform{}) {
		a, b := k.Comparable(), o.Comparable()
		if c := cmp.Or(archRank(a)-archRank(b), flavourRank(a)-flavourRank(b), a.PageSize-b.PageSize); c != 0 {
			return c
		}
	}
	return k.Release.Compare(o.Release)
}

func archRank(p Platform) int {
	names := arch.Names()
	if i := slices.Index(names, p.Arch); i >= 0 {
		return i
	}
	return len(names)
}

func flavourRank(p Platform) int {
	a, err := arch.Parse(p.Arch)
	if err != nil {
		return 0
	}
	return max(0, slices.Index(a.Flavours, p.Flavour))
}

// Tag is what tells kernels of different flavours apart: the flavour, or of a
// kernel that is none of Debian's the architecture and unusual pages, "arm64 16k".
func (k Kernel) Tag() string {
	p := k.Platform.OfRelease(k.Name)
	if p.Flavour == "" && p.PageSize > usualPage {
		return fmt.Sprintf("%s %dk", p.Arch, p.PageSize>>10)
	}
	return cmp.Or(p.Flavour, p.Arch)
}

// usualPage is the size of a page that is not worth mentioning.
const usualPage = 4096

// Releases returns the distinct kernels of cells, those of a flavour together
// and oldest first.
func Releases(cells []Cell) []Kernel {
	seen := make(map[string]bool)
	var all []Kernel
	for i := range cells {
		if c := &cells[i]; !seen[c.Kernel] {
			seen[c.Kernel] = true
			all = append(all, c.Release())
		}
	}
	slices.SortFunc(all, Kernel.Compare)
	return all
}

// ReleaseNames returns the names of releases.
func ReleaseNames(releases []Kernel) []string {
	var names []string
	for _, r := range releases {
		names = append(names, r.Name)
	}
	return names
}
