package kernels

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/artifact"
	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/internal/osfile"
)

// Names of the files in an entry.
const (
	// BootFile is the boot image as a source has it, in any format that
	// readBootImage knows. Put replaces it by the files that QEMU boots.
	BootFile    = "boot"
	VmlinuxFile = "vmlinux" // of amd64, if QEMU can boot it
	BzImageFile = "bzImage" // of amd64
	ImageFile   = "Image"   // of other architectures, unpacked
	ConfigFile  = "config"
	ModulesDir  = "modules" // contains kernel/…, modules.builtin and so on

	manifestFile = artifact.ManifestFile
	entriesDir   = "entries"
	locksDir     = "locks"
)

// Store keeps kernels on disk, in entries that several processes may share. In
// an entry, manifest.json describes the kernel, and SHA256SUMS, readable by
// sha256sum -c, the files.
type Store struct {
	dir     string
	entries artifact.Store[Kernel]
}

// Facts describe a kernel that a source puts into the store.
type Facts struct {
	Release string                `json:"release"`
	Version kernelversion.Version `json:"version"`
	// Arch is derived from the boot image if empty.
	Arch string `json:"arch,omitempty"`
	// PageSize is in bytes, and always derived from image and configuration.
	PageSize       int    `json:"page_size,omitempty"`
	Flavour        string `json:"flavour"`
	Origin         string `json:"origin"`
	PackageVersion string `json:"package_version,omitempty"`
}

// manifest is the content of manifest.json.
type manifest struct {
	Format int `json:"format"` // manifestFormat
	Facts
	PVH bool `json:"pvh"`
	// Note explains why there is no vmlinux.
	Note string `json:"note,omitempty"`
	// Sums is the SHA-256 of SHA256SUMS: the kernel's digest.
	Sums string `json:"sums_sha256"`
}

// manifestFormat is bumped when existing entries become unusable.
const manifestFormat = 1

// OpenStore opens the store in dir, which it creates if necessary.
func OpenStore(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{dir, artifact.Store[Kernel]{Dir: filepath.Join(dir, entriesDir), Locks: filepath.Join(dir, locksDir), Max: artifact.Unbounded,
		Check: func(_, dir string) (Kernel, error) { return read(dir) }}}
	for _, d := range []string{entriesDir, locksDir} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, s.unwritable(err)
		}
	}
	if err := unix.Access(filepath.Join(dir, entriesDir), unix.W_OK); err != nil {
		return nil, s.unwritable(err)
	}
	return s, nil
}

// Dir is the store's directory.
func (s *Store) Dir() string { return s.dir }

// unwritable adds the store's path to write errors.
func (s *Store) unwritable(err error) error {
	return fmt.Errorf("cannot write to the cache in %s: %w", s.dir, err)
}

// explain adds the store's path to errors caused by its filesystem.
func (s *Store) explain(err error) error {
	for _, cause := range []error{unix.ENOSPC, unix.EDQUOT, unix.EROFS, unix.EACCES} {
		if errors.Is(err, cause) {
			return s.unwritable(err)
		}
	}
	return err
}

// Subdir returns a directory of the store for a source's own files (indexes,
// unfinished downloads), which it creates if necessary.
func (s *Store) Subdir(name string) (string, error) {
	dir := filepath.Join(s.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", s.unwritable(err)
	}
	return dir, nil
}

func (s *Store) entry(key string) string { return s.entries.Path(key) }

// Has reports whether the store has an entry, without verifying it.
func (s *Store) Has(key string) bool { return s.entries.Has(key) }

// Get returns the kernel of an entry after verifying its boot images and
// configuration. ok is false if there is no such entry, or if it was corrupt and
// has been removed; neither is an error.
func (s *Store) Get(ctx context.Context, key string) (k Kernel, ok bool, err error) {
	e, err := s.entries.Get(ctx, key)
	if errors.Is(err, artifact.ErrNone) {
		return Kernel{}, false, nil
	}
	if err != nil {
		return Kernel{}, false, s.explain(err)
	}
	e.Release()
	return e.Value, true, nil
}

// Remove deletes an entry.
func (s *Store) Remove(ctx context.Context, key string) error {
	return s.explain(s.entries.Remove(ctx, key))
}

// read verifies and returns the entry in dir.
func read(dir string) (Kernel, error) {
	m, sums, err := readManifest(dir)
	if err != nil {
		return Kernel{}, err
	}
	k := Kernel{Release: m.Release, Version: m.Version, Arch: cmp.Or(m.Arch, AMD64), Flavour: m.Flavour, Origin: m.Origin, PageSize: cmp.Or(m.PageSize, usualPage),
		PVH: m.PVH, Digest: m.Sums, Code: sums.without(ConfigFile).digest()}
	for name, path := range map[string]*string{VmlinuxFile: &k.Vmlinux, BzImageFile: &k.BzImage, ImageFile: &k.Image, ConfigFile: &k.Config} {
		want, ok := sums.lookup(name)
		if !ok {
			continue
		}
		*path = filepath.Join(dir, name)
		if err := verifyFile(*path, want); err != nil {
			return Kernel{}, err
		}
	}
	if sums.has(ModulesDir + "/") {
		k.Modules = filepath.Join(dir, ModulesDir)
		if _, err := os.Stat(k.Modules); err != nil {
			return Kernel{}, &CorruptError{Path: k.Modules, Reason: "it is missing"}
		}
	}
	return k, nil
}

// readManifest reads an entry's manifest and checksums. The error is
// fs.ErrNotExist without a manifest, and a *CorruptError otherwise.
func readManifest(dir string) (manifest, sums, error) {
	path := filepath.Join(dir, manifestFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return manifest{}, nil, err
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return manifest{}, nil, &CorruptError{Path: path, Reason: err.Error()}
	}
	if m.Format != manifestFormat {
		return manifest{}, nil, &CorruptError{Path: path, Reason: fmt.Sprintf("its format %d is not %d", m.Format, manifestFormat)}
	}
	path = filepath.Join(dir, sumsFile)
	list, err := readVerified(path, m.Sums)
	if err != nil {
		return manifest{}, nil, err
	}
	return m, sums(list), nil
}

// Put returns the kernel of an entry, which it creates if necessary: fill writes
// BootFile, and if available ConfigFile and ModulesDir, to an empty directory and returns their description. If it fails, nothing is left
// behind. While one process fills an entry, others wait for it.
func (s *Store) Put(ctx context.Context, key string, fill func(ctx context.Context, dir string) (Facts, error)) (Kernel, error) {
	e, err := s.entries.Make(ctx, key, func(ctx context.Context, dir string) error { return s.fill(ctx, dir, fill) })
	if err != nil {
		return Kernel{}, s.explain(err)
	}
	e.Release()
	return e.Value, nil
}

func (s *Store) fill(ctx context.Context, dir string, fill func(context.Context, string) (Facts, error)) error {
	facts, err := fill(ctx, dir)
	if err != nil {
		return err
	}
	m := manifest{Format: manifestFormat, Facts: facts}
	if err := m.addImages(dir); err != nil {
		return err
	}
	list, err := sumTree(ctx, dir)
	if err != nil {
		return err
	}
	m.Sums = list.digest()
	if err := os.WriteFile(filepath.Join(dir, sumsFile), list, 0o644); err != nil {
		return s.unwritable(err)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, manifestFile), append(text, '\n'), 0o644); err != nil {
		return s.unwritable(err)
	}
	// Modules are not synced: there are thousands, and each is verified when
	// it is read.
	for _, name := range []string{VmlinuxFile, BzImageFile, ImageFile, ConfigFile, sumsFile, manifestFile, "."} {
		if err := osfile.SyncDir(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s.unwritable(err)
		}
	}
	return nil
}

// addImages replaces the boot image in dir by the files that QEMU boots: the
// image itself, unpacked if necessary, and the vmlinux of a bzImage if QEMU can
// boot it by PVH.
func (m *manifest) addImages(dir string) error {
	source := filepath.Join(dir, BootFile)
	raw, err := os.ReadFile(source)
	if err != nil {
		return fmt.Errorf("kernel %s: no boot image: %w", m.Release, err)
	}
	image, err := readBootImage(raw)
	if err != nil {
		return fmt.Errorf("kernel %s: %w", m.Release, err)
	}
	if err := m.check(image, dir); err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(filepath.Join(dir, image.file), image.data, 0o644), os.Remove(source)); err != nil {
		return err
	}
	switch image.file {
	case VmlinuxFile:
		m.PVH = hasPVH(image.data)
		return nil
	case ImageFile:
		return nil
	}
	vmlinux, err := ExtractVmlinux(image.data)
	switch {
	case err != nil:
		m.Note = err.Error()
	case !hasPVH(vmlinux):
		m.Note = "its vmlinux has no PVH note (CONFIG_PVH is off): booted from its bzImage"
	default:
		m.PVH = true
		return os.WriteFile(filepath.Join(dir, VmlinuxFile), vmlinux, 0o644)
	}
	return nil
}

// check compares the image with the manifest, and sets the manifest's
// architecture, if it is empty, and page size.
func (m *manifest) check(image bootImage, dir string) error {
	if m.Arch = cmp.Or(m.Arch, image.arch); m.Arch != image.arch {
		return fmt.Errorf("kernel %s: its image is built for %s, not %s", m.Release, image.arch, m.Arch)
	}
	if image.release != m.Release {
		return fmt.Errorf("kernel %s: its image has the release %s", m.Release, image.release)
	}
	config, err := os.ReadFile(filepath.Join(dir, ConfigFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	m.PageSize = image.pages(config)
	return nil
}

// Lock takes the store's lock of that name, which is shared with other
// processes, and waits for it until the context ends. The kernel releases the
// lock of a process that dies.
func (s *Store) Lock(ctx context.Context, name string) (unlock func(), err error) {
	f, err := s.LockFile(ctx, name)
	if err != nil {
		return nil, err
	}
	return func() { _ = f.Close() }, nil // close unlocks
}

// LockFile is Lock for callers that pass the lock on to a child process: it is
// released once all processes have closed the file.
func (s *Store) LockFile(ctx context.Context, name string) (*os.File, error) {
	f, err := osfile.Lock(ctx, filepath.Join(s.dir, locksDir, name), osfile.Exclusive)
	if err != nil {
		return nil, s.explain(err)
	}
	return f, nil
}
