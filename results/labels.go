package results

import (
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/internal/sanitize"
)

// Labels are the names of kernels in headings and lists. The upstream version
// comes first, because that of a package is another one: Debian's 5.10.0-46 is
// 5.10.262. What all kernels of a run share is left out, and a flavour only if it
// is this host's default one: without one, readers take a kernel for that.
type Labels struct {
	Short map[string]string // release → "5.10.262", distinct within the run
	Long  map[string]string // release → "5.10.262 (5.10.0-46)", "6.12.118+deb13"
	names map[string]string // release → "5.10.0-46", "6.12.118+deb13"
}

// NameFlavours reports whether the labels of kernels name their flavours: some are
// not of this host's default flavour, or they are of several.
func NameFlavours(kernels []Kernel) bool {
	return slices.ContainsFunc(kernels, func(k Kernel) bool { return !k.Usual() || k.Tag() != kernels[0].Tag() })
}

// NewLabels are the labels of the kernels of a run. Where they name flavours, these
// follow: "6.12.117 arm64-16k".
func NewLabels(kernels []Kernel) Labels {
	type build struct {
		version kernelversion.Version
		flavour string
	}
	names, builds, named := make([]string, len(kernels)), make(map[build]int), NameFlavours(kernels)
	for i, k := range kernels {
		names[i] = k.Name
		builds[build{k.Version, k.Tag()}]++
	}
	suffix := SharedFlavour(names)
	l := Labels{make(map[string]string), make(map[string]string), make(map[string]string)}
	for _, k := range kernels {
		flavour := ""
		if named {
			if flavour = sanitize.Line(k.Tag()); flavour != "" {
				flavour = " " + flavour
			}
			suffix = "-" + arch.FlavourOf(k.Name)
		}
		name := sanitize.Line(strings.TrimSuffix(k.Name, suffix))
		version := k.Version.String()
		rest, starts := strings.CutPrefix(name, version)
		starts = starts && (rest == "" || strings.ContainsRune("+-~_", rune(rest[0])))
		long := name
		if !starts && k.Version != kernelversion.ReleaseOf(k.Name).Version {
			long = version + " (" + name + ")"
		}
		short := long
		// A version that is known from the name alone may hide the point release:
		// 5.10.0-46 is not 5.10.
		if (starts || long != name) && version != "" && builds[build{k.Version, k.Tag()}] == 1 {
			short = version
		}
		l.Short[k.Name], l.Long[k.Name], l.names[k.Name] = short+flavour, long+flavour, name
	}
	return l
}

// Of is the short label of a release, which may be one that l does not know.
func (l Labels) Of(release string) string { return labelIn(l.Short, release) }

// Full is the long label of a release.
func (l Labels) Full(release string) string { return labelIn(l.Long, release) }

// Package is what the short label of a release leaves out: the name of its
// package. It is empty if the label has it.
func (l Labels) Package(release string) string {
	if name := labelIn(l.names, release); !strings.Contains(l.Of(release), name) {
		return name
	}
	return ""
}

// All are the short labels of releases.
func (l Labels) All(releases []string) []string {
	out := make([]string, len(releases))
	for i, r := range releases {
		out[i] = l.Of(r)
	}
	return out
}

func labelIn(labels map[string]string, release string) string {
	if s, ok := labels[release]; ok {
		return s
	}
	return sanitize.Line(release)
}
