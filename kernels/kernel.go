// Package kernels says what a kernel is, how kernels are ordered and
// selected, and keeps the store of those that were fetched. Where kernels
// come from is the business of the packages below it. It must not know the
// lab, images, or results.
package kernels

import "context"

// Entry is a kernel that a source offers, fetched or not.
type Entry struct {
	Release string  // what uname -r prints, e.g. "6.12.117+deb12-cloud-amd64"
	Version Version // upstream version: the order of kernels
	Flavour string  // e.g. "cloud-amd64"; empty for file kernels
	Origin  string  // where it comes from, e.g. "debian/bookworm-security" or "file:/boot/vmlinuz"
	// PackageVersion is the distribution's own version ("6.1.192-2"); it
	// orders entries of one upstream version.
	PackageVersion string
	Size           int64 // bytes to download; 0 when nothing has to be
	Cached         bool  // in the store, ready to boot without network
	Modules        bool  // its modules can be had
	// Restricted says that part of it can only be had with the user's
	// permission, as Note tells; selectors that name no single kernel or
	// series leave it out.
	Restricted bool
	Note       string
	Source     Source `json:"-"`
}

// Series is the first two components of the version, e.g. "6.12".
func (e Entry) Series() string { return e.Version.Series() }

// Kernel is one bootable build on disk, verified.
type Kernel struct {
	Release string
	Version Version
	Flavour string
	Origin  string
	// Vmlinux is the uncompressed ELF image, or empty; PVH tells whether it
	// has the note by which QEMU boots it directly.
	Vmlinux string
	PVH     bool
	BzImage string // path of the bzImage; empty when only a vmlinux is there
	// Modules is a directory that holds the module tree ("kernel/…" and, if
	// present, modules.dep, modules.builtin), or empty.
	Modules string
	Config  string // path of the build configuration, or empty
	Digest  string // hex SHA-256 over everything above that has content
	// Code is the hex SHA-256 over what runs: images and modules, but not the
	// configuration. Two builds that have it in common are one kernel.
	Code string
	// Checkout is what it was built from, where that was a commit. The store does
	// not keep it: another commit of the same source is the same kernel.
	Checkout Checkout
}

// Checkout is a commit with patches on top.
type Checkout struct {
	Commit     string // full hash
	Repository string // URL; empty when it was a directory
	// Patches is the hex SHA-256 of the hex SHA-256 of each patch, a line each;
	// empty without patches.
	Patches string
}

// BootImage is the file to hand to QEMU's -kernel: the vmlinux where PVH can
// boot it, else the bzImage.
func (k Kernel) BootImage() string {
	if k.PVH && k.Vmlinux != "" {
		return k.Vmlinux
	}
	return k.BzImage
}

// Source lists kernels and fetches them.
type Source interface {
	// List returns what the source offers, in no particular order.
	List(ctx context.Context) ([]Entry, error)
	// Fetch makes the entry ready to boot; progress may be nil.
	Fetch(ctx context.Context, e Entry, progress Progress) (Kernel, error)
}

// Progress is told how far a fetch is; it is called from several goroutines.
type Progress interface {
	// Update says that done of total bytes are here for the named thing.
	Update(name string, done, total int64)
}
