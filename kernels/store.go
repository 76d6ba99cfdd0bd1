package kernels

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/osfile"
)

// Names of the files in an entry of the store.
const (
	VmlinuxFile = "vmlinux" // written by Put when QEMU can boot it
	BzImageFile = "bzImage"
	ConfigFile  = "config"
	ModulesDir  = "modules" // holds kernel/…, modules.builtin and so on

	manifestFile = "manifest.json"
	entriesDir   = "entries"
	locksDir     = "locks"
)

// Store keeps kernels on disk. An entry is a directory that is written under
// a temporary name, verified and renamed, and never changed afterwards; its
// manifest.json says what the kernel is and its SHA256SUMS what each file
// holds (sha256sum -c reads it). Several processes may share a store.
type Store struct {
	dir string
}

// Facts are what a source knows of a kernel that it puts into the store.
type Facts struct {
	Release        string  `json:"release"`
	Version        Version `json:"version"`
	Flavour        string  `json:"flavour"`
	Origin         string  `json:"origin"`
	PackageVersion string  `json:"package_version,omitempty"`
}

// manifest is what manifest.json holds.
type manifest struct {
	Format int `json:"format"` // manifestFormat
	Facts
	PVH bool `json:"pvh"`
	// Note says why there is no vmlinux.
	Note string `json:"note,omitempty"`
	// Sums is the SHA-256 of SHA256SUMS: the kernel's digest.
	Sums string `json:"sums_sha256"`
}

// manifestFormat changes when entries of an older splicelab are of no use.
const manifestFormat = 1

// OpenStore opens the store in dir and makes the directory if need be.
func OpenStore(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir}
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

// unwritable names the store in an error of writing to it.
func (s *Store) unwritable(err error) error {
	return fmt.Errorf("cannot write to the cache in %s: %w", s.dir, err)
}

// explain names the store in errors that its filesystem is to blame for.
func (s *Store) explain(err error) error {
	for _, cause := range []error{unix.ENOSPC, unix.EDQUOT, unix.EROFS, unix.EACCES} {
		if errors.Is(err, cause) {
			return s.unwritable(err)
		}
	}
	return err
}

// Subdir returns a directory of the store for a source's own files (indexes,
// unfinished downloads) and makes it if need be.
func (s *Store) Subdir(name string) (string, error) {
	dir := filepath.Join(s.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", s.unwritable(err)
	}
	return dir, nil
}

func (s *Store) entry(key string) string { return filepath.Join(s.dir, entriesDir, key) }

// Has reports whether the store has an entry, without verifying it.
func (s *Store) Has(key string) bool {
	_, err := os.Stat(filepath.Join(s.entry(key), manifestFile))
	return err == nil
}

// Get returns the kernel of an entry once its boot images and its
// configuration have been verified. An entry that is not there, or that was
// damaged and is therefore removed, is not an error: ok is false.
func (s *Store) Get(ctx context.Context, key string) (k Kernel, ok bool, err error) {
	k, err = s.read(key)
	var damaged *DamagedError
	switch {
	case err == nil:
		s.touch(key)
		return k, true, nil
	case errors.Is(err, fs.ErrNotExist):
		return Kernel{}, false, nil
	case !errors.As(err, &damaged):
		return Kernel{}, false, err
	}
	unlock, err := s.Lock(ctx, key)
	if err != nil {
		return Kernel{}, false, err
	}
	defer unlock()
	// Another process may have mended it in the meantime.
	if k, err := s.read(key); err == nil {
		return k, true, nil
	}
	return Kernel{}, false, s.remove(key)
}

// Remove takes an entry out of the store.
func (s *Store) Remove(ctx context.Context, key string) error {
	unlock, err := s.Lock(ctx, key)
	if err != nil {
		return err
	}
	defer unlock()
	return s.remove(key)
}

// remove renames first, so that nobody sees half an entry.
func (s *Store) remove(key string) error {
	gone := s.entry("." + key + ".gone")
	if err := os.RemoveAll(gone); err != nil {
		return s.unwritable(err)
	}
	if err := os.Rename(s.entry(key), gone); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.unwritable(err)
	}
	if err := os.RemoveAll(gone); err != nil {
		return s.unwritable(err)
	}
	return nil
}

// read verifies and returns an entry.
func (s *Store) read(key string) (Kernel, error) {
	dir := s.entry(key)
	m, sums, err := readManifest(dir)
	if err != nil {
		return Kernel{}, err
	}
	k := Kernel{Release: m.Release, Version: m.Version, Flavour: m.Flavour, Origin: m.Origin, PVH: m.PVH, Digest: m.Sums, Code: sums.without(ConfigFile).digest()}
	for name, path := range map[string]*string{VmlinuxFile: &k.Vmlinux, BzImageFile: &k.BzImage, ConfigFile: &k.Config} {
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
			return Kernel{}, &DamagedError{Path: k.Modules, Reason: "it is missing"}
		}
	}
	return k, nil
}

// readManifest reads what an entry says of itself. No manifest is
// fs.ErrNotExist; anything else that is wrong is damage.
func readManifest(dir string) (manifest, sums, error) {
	path := filepath.Join(dir, manifestFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return manifest{}, nil, err
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return manifest{}, nil, &DamagedError{Path: path, Reason: err.Error()}
	}
	if m.Format != manifestFormat {
		return manifest{}, nil, &DamagedError{Path: path, Reason: fmt.Sprintf("its format %d is not %d", m.Format, manifestFormat)}
	}
	path = filepath.Join(dir, sumsFile)
	list, err := readVerified(path, m.Sums)
	if err != nil {
		return manifest{}, nil, err
	}
	return m, sums(list), nil
}

// Put returns the kernel of an entry, after making it if the store has it not
// yet: fill writes BzImageFile or VmlinuxFile, and if it can ConfigFile and
// ModulesDir, into an empty directory and says what they are. Nothing is left
// behind when it fails. While one process fills an entry others wait for it.
func (s *Store) Put(ctx context.Context, key string, fill func(ctx context.Context, dir string) (Facts, error)) (Kernel, error) {
	if key == "" || strings.ContainsAny(key, "/.") {
		return Kernel{}, fmt.Errorf("kernel store: %q is not a key", key)
	}
	if k, ok, err := s.Get(ctx, key); ok || err != nil {
		return k, err
	}
	unlock, err := s.Lock(ctx, key)
	if err != nil {
		return Kernel{}, err
	}
	defer unlock()
	if k, err := s.read(key); err == nil {
		return k, nil
	}
	// The lock is held: what lies here belongs to a process that was killed.
	temporary := s.entry("." + key + ".new")
	if err := errors.Join(os.RemoveAll(temporary), s.remove(key)); err != nil {
		return Kernel{}, s.unwritable(err)
	}
	if err := os.Mkdir(temporary, 0o755); err != nil {
		return Kernel{}, s.unwritable(err)
	}
	if err := s.fill(ctx, temporary, fill); err != nil {
		return Kernel{}, errors.Join(s.explain(err), os.RemoveAll(temporary))
	}
	if err := osfile.PublishDir(temporary, s.entry(key)); err != nil {
		return Kernel{}, errors.Join(s.unwritable(err), os.RemoveAll(temporary))
	}
	return s.read(key)
}

func (s *Store) fill(ctx context.Context, dir string, fill func(context.Context, string) (Facts, error)) error {
	facts, err := fill(ctx, dir)
	if err != nil {
		return err
	}
	m := manifest{Format: manifestFormat, Facts: facts}
	if err := m.addVmlinux(dir); err != nil {
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
	// Modules are not forced to disk one by one: there are thousands, and each
	// is verified when it is read.
	for _, name := range []string{VmlinuxFile, BzImageFile, ConfigFile, sumsFile, manifestFile, "."} {
		if err := osfile.SyncDir(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s.unwritable(err)
		}
	}
	return nil
}

// addVmlinux checks that the image in dir is the kernel that it should be and
// takes the vmlinux out of a bzImage, if QEMU could boot it by PVH.
func (m *manifest) addVmlinux(dir string) error {
	image, err := os.ReadFile(filepath.Join(dir, VmlinuxFile))
	if err == nil {
		m.PVH = hasPVH(image)
		return m.checkRelease(image)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	image, err = os.ReadFile(filepath.Join(dir, BzImageFile))
	if err != nil {
		return fmt.Errorf("kernel %s: it comes without a boot image: %w", m.Release, err)
	}
	if err := m.checkRelease(image); err != nil {
		return err
	}
	vmlinux, err := ExtractVmlinux(image)
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

func (m *manifest) checkRelease(image []byte) error {
	release, err := imageRelease(image)
	if err != nil {
		return err
	}
	if release != m.Release {
		return fmt.Errorf("kernel %s: its image says that it is %s", m.Release, release)
	}
	return nil
}

// Lock takes the store's lock of that name, which other processes respect
// too, and waits for it until the context ends. The system frees the lock of a
// process that dies.
func (s *Store) Lock(ctx context.Context, name string) (unlock func(), err error) {
	f, err := s.LockFile(ctx, name)
	if err != nil {
		return nil, err
	}
	return func() { _ = f.Close() }, nil // closing unlocks; nothing was written
}

// LockFile is Lock for who hands the lock to a child process too: it is free
// once every process that has the file open has closed it.
func (s *Store) LockFile(ctx context.Context, name string) (*os.File, error) {
	f, err := osfile.Lock(ctx, filepath.Join(s.dir, locksDir, name), osfile.Exclusive)
	if err != nil {
		return nil, s.explain(err)
	}
	return f, nil
}
