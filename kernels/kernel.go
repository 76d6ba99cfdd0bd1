// Package kernels defines kernels, their identity, order and selection, and the
// store of fetched kernels. Sources of kernels are in its subpackages. It must
// not know the lab, images or results.
package kernels

import (
	"cmp"
	"context"

	"github.com/splicelab/splicelab/internal/kernelversion"
)

// AMD64 is the architecture of whatever does not name one: entries, manifests
// and recipes from before there was another.
const AMD64 = "amd64"

// ID is a kernel's identity, for use as a map key. A release is not enough: two
// architectures, or two builds of one source, can share it.
type ID struct {
	Arch    string
	Release string
	Digest  string // empty until the kernel has been fetched
}

// Entry is a kernel that a source offers, fetched or not.
type Entry struct {
	Release string                // what uname -r prints, e.g. "6.12.117+deb12-cloud-amd64"
	Version kernelversion.Version // upstream
	Arch    string                // as in internal/arch; AMD64 if empty
	Flavour string                // e.g. "cloud-amd64"; empty for file kernels
	// PageSize is in bytes; 0 if it is unknown until the kernel is fetched.
	PageSize int
	Origin   string // where it comes from, e.g. "debian/bookworm-security" or "file:/boot/vmlinuz"
	// PackageVersion is the distribution's version ("6.1.192-2"); it
	// orders entries of one upstream version.
	PackageVersion string
	Size           int64 // bytes to download; 0 if none
	Cached         bool  // in the store, ready to boot without network
	Modules        bool  // its modules are available
	// Restricted means that downloading part of the kernel needs the user's
	// permission, as Note explains; only selectors of a single kernel or
	// series match it.
	Restricted bool
	Note       string
	Source     Source `json:"-"`
}

// Series is the first two components of the version, e.g. "6.12".
func (e Entry) Series() string { return e.Version.Series() }

// named is the form that version ranges match.
func (e Entry) named() kernelversion.Release {
	return kernelversion.Release{Name: e.Release, Version: e.Version}
}

// Kernel is one bootable build on disk, verified.
type Kernel struct {
	Release string
	Version kernelversion.Version
	Arch    string // as in internal/arch
	Flavour string
	Origin  string
	// PageSize is the size of a page in bytes.
	PageSize int
	// Vmlinux is the path of the uncompressed ELF image, or empty; PVH reports
	// whether it has the PVH note with which QEMU boots it directly.
	Vmlinux string
	PVH     bool
	BzImage string // path of the bzImage; empty if there is only a vmlinux
	// Image is the path of the unpacked boot image of an architecture that has
	// no bzImage (arch/*/boot/Image), or empty.
	Image string
	// Modules is the directory of the module tree ("kernel/…" and, if present,
	// modules.dep, modules.builtin), or empty.
	Modules string
	Config  string // path of the build configuration, or empty
	Digest  string // hex SHA-256 over everything above that has content
	// Code is the hex SHA-256 over images and modules, without the
	// configuration. Two builds with the same Code are the same kernel.
	Code string
	// Checkout is the commit that it was built from, if any. The store does not
	// record it: another commit with the same tree is the same kernel.
	Checkout Checkout
}

// ID is the kernel's identity.
func (k Kernel) ID() ID { return ID{Arch: k.Arch, Release: k.Release, Digest: k.Digest} }

// Named is the release with its upstream version, the form that version ranges
// match.
func (k Kernel) Named() kernelversion.Release {
	return kernelversion.Release{Name: k.Release, Version: k.Version}
}

// Checkout is a commit with patches on top.
type Checkout struct {
	Commit     string // full hash
	Repository string // URL; empty for a local directory
	// Patches is the hex SHA-256 of the patches' hex SHA-256 sums, one per line;
	// empty without patches.
	Patches string
}

// BootImage is the file for QEMU's -kernel: the vmlinux if it can be booted by
// PVH, else the bzImage or Image.
func (k Kernel) BootImage() string {
	if k.PVH && k.Vmlinux != "" {
		return k.Vmlinux
	}
	return cmp.Or(k.BzImage, k.Image)
}

// Source lists kernels and fetches them.
type Source interface {
	// List returns what the source offers, in no particular order.
	List(ctx context.Context) ([]Entry, error)
	// Fetch makes the entry ready to boot; progress may be nil.
	Fetch(ctx context.Context, e Entry, progress Progress) (Kernel, error)
}

// Progress is notified of a fetch's progress; it is called concurrently.
type Progress interface {
	// Update reports that done of total bytes of the named file have arrived.
	Update(name string, done, total int64)
}
