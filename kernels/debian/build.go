package debian

import (
	"regexp"
	"slices"
	"strings"

	"pault.ag/go/debian/dependency"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/kernels/apt"
)

// build is one kernel of the archive with its packages.
type build struct {
	release string
	version kernelversion.Version
	arch    string
	flavour string // e.g. "cloud-amd64"
	suite   string
	image   apt.Package // the package linux-image-…
	// packages are downloaded and all in the index; unindexed are dependencies
	// that the index does not list.
	packages  []apt.Package
	unindexed []apt.Package
}

// buildID names a build within an archive.
type buildID struct {
	release, packageVersion string
}

func (b build) id() buildID { return buildID{b.release, b.image.Version} }

// key is the key in the store: it covers everything that goes into the entry.
func (b build) key(unindexed bool) string {
	parts := []string{"debian 1", b.release}
	for _, p := range b.packages {
		parts = append(parts, p.SHA256)
	}
	if unindexed {
		for _, p := range b.unindexed {
			parts = append(parts, p.URL)
		}
	}
	return apt.Sum([]byte(strings.Join(parts, "\n")))
}

const (
	imagePrefix  = "linux-image-"
	binaryPrefix = "linux-binary-" // the boot image of a split kernel
)

// versionPart matches what precedes the flavour in a release: version and ABI.
var versionPart = regexp.MustCompile(`^[0-9][^-]*(?:-(?:(?:rc)?[0-9][^-]*|trunk))*$`)

// flavourOf is the flavour at the end of a kernel's release, or empty. Debug
// symbols and unsigned variants have none.
func flavourOf(release string) string {
	flavour := arch.FlavourOf(release)
	if flavour == "" || !versionPart.MatchString(strings.TrimSuffix(release, "-"+flavour)) {
		return ""
	}
	return flavour
}

// assemble finds the kernels of an architecture among the packages of a suite. Debug symbols,
// unsigned variants and metapackages (linux-image-6.12-cloud-amd64) are not
// kernels.
func assemble(suite, architecture string, packages []apt.Package) []build {
	type nameVersion struct{ name, version string }
	index := map[nameVersion]apt.Package{}
	for _, p := range packages {
		index[nameVersion{p.Name, p.Version}] = p
	}
	var builds []build
	for _, p := range packages {
		release, ok := strings.CutPrefix(p.Name, imagePrefix)
		if !ok {
			continue
		}
		flavour := flavourOf(release)
		version, err := kernelversion.Parse(p.Version)
		if flavour == "" || err != nil {
			continue
		}
		b := build{release: release, version: version, arch: architecture, flavour: flavour, suite: suite, image: p}
		parts, meta := partsOf(p, release)
		switch {
		case meta:
			continue
		case len(parts) == 0:
			b.packages = []apt.Package{p}
		}
		bootable := len(parts) == 0
		for _, part := range parts {
			if found, ok := index[nameVersion{part.Name, part.Version}]; ok {
				b.packages = append(b.packages, found)
				bootable = bootable || strings.HasPrefix(part.Name, binaryPrefix)
				continue
			}
			part.URL = poolURL(p.URL, architecture, part)
			b.unindexed = append(b.unindexed, part)
		}
		if bootable {
			builds = append(builds, b)
		}
	}
	return builds
}

// partsOf returns the packages of a split kernel (6.19 and later), derived from
// the dependencies of linux-image; none for an older kernel: up to 6.18
// linux-image contains everything, although in 6.18 it already depends on a
// versioned linux-base. A metapackage depends on another linux-image.
func partsOf(image apt.Package, release string) (parts []apt.Package, meta bool) {
	depends, err := dependency.Parse(image.Depends)
	if err != nil {
		return nil, true // unknown layout of kernel packages
	}
	split := []string{binaryPrefix + release, "linux-modules-" + release, "linux-base-" + release}
	for _, relation := range depends.Relations {
		for _, p := range relation.Possibilities {
			if strings.HasPrefix(p.Name, imagePrefix) {
				return nil, true
			}
			if slices.Contains(split, p.Name) && p.Version != nil && p.Version.Operator == "=" {
				parts = append(parts, apt.Package{Name: p.Name, Version: p.Version.Number, Size: -1})
			}
		}
	}
	if !slices.ContainsFunc(parts, func(p apt.Package) bool { return strings.HasPrefix(p.Name, binaryPrefix) }) {
		return nil, false
	}
	return parts, false
}

// poolURL is the URL of a package built from the source package linux, in
// the same pool as the image.
func poolURL(image, architecture string, p apt.Package) string {
	archive, _, _ := strings.Cut(image, "/pool/")
	version := p.Version
	if _, after, ok := strings.Cut(version, ":"); ok {
		version = after // file names omit the epoch
	}
	return archive + "/pool/main/l/linux/" + p.Name + "_" + version + "_" + architecture + ".deb"
}
