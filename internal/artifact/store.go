// Package artifact caches what is expensive to build: kernels, images,
// templates. An entry is a directory of files. Its key, usually a digest,
// covers everything that the files are built from.
//
// An entry is filled under a temporary name, published by a rename, checked
// each time before it is used, and never changed. A corrupt one is rebuilt.
// Several processes may share a store. They hold an entry's lock: shared while
// they use it, exclusive while they fill or remove it. The kernel releases the
// lock of a process that dies; its leftovers are removed when the next entry is
// filled.
package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/splicelab/splicelab/internal/osfile"
)

// Store is a directory of entries.
type Store[T any] struct {
	// Dir holds the entries and Locks their lock files; it may be the same.
	// Both must exist. Lock files are never removed.
	Dir, Locks string
	// Max limits the bytes on disk before another entry is filled: the least
	// recently used entries are evicted, except those in use.
	Max int64
	// Check verifies the entry in dir and returns its Value. The entry is
	// rebuilt if the error is ErrCorrupt or fs.ErrNotExist; any other error is
	// returned.
	Check func(key, dir string) (T, error)
}

// Unbounded is the Max of a store that evicts nothing.
const Unbounded = math.MaxInt64

// ManifestFile is the file of an entry that describes it, written last. Its
// mtime is the time of the last use.
const ManifestFile = "manifest.json"

const (
	lockSuffix = ".lock"
	partSuffix = ".part" // of an entry that is being filled or removed
)

var (
	// ErrCorrupt is returned by a Check that finds unexpected content.
	ErrCorrupt = errors.New("corrupt")
	// ErrNone is returned by Get if the entry is missing or corrupt.
	ErrNone = errors.New("no entry")
)

// Entry is an entry in use: it is not removed until Release.
type Entry[T any] struct {
	Dir   string
	Value T // returned by Check

	lock *os.File
}

// Release allows the entry to be removed.
func (e *Entry[T]) Release() { _ = e.lock.Close() } // nothing was written

// Path is the directory of the entry with this key.
func (s *Store[T]) Path(key string) string { return filepath.Join(s.Dir, key) }

// Has reports whether the store has an entry, without checking it.
func (s *Store[T]) Has(key string) bool {
	_, err := os.Stat(filepath.Join(s.Path(key), ManifestFile))
	return err == nil
}

// Get returns an entry after checking it. A corrupt one is removed once nobody
// uses it, and the error is ErrNone, as for a missing one.
func (s *Store[T]) Get(ctx context.Context, key string) (*Entry[T], error) {
	why := error(nil)
	for {
		if _, err := os.Stat(s.Path(key)); errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Join(fmt.Errorf("%w %s", ErrNone, key), why)
		}
		e, err := s.open(ctx, key)
		if !unusable(err) {
			return e, err
		}
		why = err
		if err := s.discard(ctx, key); err != nil {
			return nil, err
		}
	}
}

// Make is Get, but calls fill if there is no entry: in an empty directory, in
// one process at a time, with ManifestFile written last. Nothing is left behind
// if fill fails.
func (s *Store[T]) Make(ctx context.Context, key string, fill func(ctx context.Context, dir string) error) (*Entry[T], error) {
	// An entry may be evicted between being filled and being locked for use.
	// More than a few rounds mean that a new entry does not pass its own check.
	for attempt := 1; ; attempt++ {
		e, err := s.Get(ctx, key)
		if !errors.Is(err, ErrNone) || attempt > 3 {
			return e, err
		}
		if err := s.make(ctx, key, fill); err != nil {
			return nil, err
		}
	}
}

// Remove removes an entry once nobody uses it.
func (s *Store[T]) Remove(ctx context.Context, key string) error {
	lock, err := s.lock(ctx, key, osfile.Exclusive)
	if err != nil {
		return err
	}
	defer lock.Close()
	return s.remove(key)
}

func (s *Store[T]) open(ctx context.Context, key string) (*Entry[T], error) {
	lock, err := s.lock(ctx, key, osfile.Shared)
	if err != nil {
		return nil, err
	}
	dir := s.Path(key)
	value, err := s.Check(key, dir)
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	touch(dir)
	return &Entry[T]{Dir: dir, Value: value, lock: lock}, nil
}

// discard removes an entry if it is still corrupt once nobody uses it: another
// process may have rebuilt it.
func (s *Store[T]) discard(ctx context.Context, key string) error {
	lock, err := s.lock(ctx, key, osfile.Exclusive)
	if err != nil {
		return err
	}
	defer lock.Close()
	if _, err := s.Check(key, s.Path(key)); !unusable(err) {
		return err
	}
	return s.remove(key)
}

func (s *Store[T]) make(ctx context.Context, key string, fill func(context.Context, string) error) error {
	lock, err := s.lock(ctx, key, osfile.Exclusive)
	if err != nil {
		return err
	}
	defer lock.Close()
	dir := s.Path(key)
	if _, err := s.Check(key, dir); !unusable(err) {
		return err // rebuilt by another process in the meantime, or unfixable
	}
	if err := s.remove(key); err != nil {
		return err
	}
	s.makeRoom()
	part := dir + partSuffix
	if err := os.Mkdir(part, 0o755); err != nil {
		return err
	}
	if err = fill(ctx, part); err == nil {
		err = osfile.PublishDir(part, dir)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(part))
	}
	return nil
}

// remove removes an entry and what a killed process left of it; the caller
// holds the lock. It renames first, so that the entry's name never refers to a
// partial entry.
func (s *Store[T]) remove(key string) error {
	dir := s.Path(key)
	part := dir + partSuffix
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	if err := os.Rename(dir, part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(part)
}

func (s *Store[T]) lock(ctx context.Context, key string, mode osfile.Mode) (*os.File, error) {
	if key == "" || strings.ContainsAny(key, "/.") {
		return nil, fmt.Errorf("%q is not a key", key)
	}
	return osfile.Lock(ctx, s.lockPath(key), mode)
}

func (s *Store[T]) lockPath(key string) string { return filepath.Join(s.Locks, key+lockSuffix) }

// unusable reports whether the error of a check means that the entry has to be
// rebuilt.
func unusable(err error) bool {
	return errors.Is(err, ErrCorrupt) || errors.Is(err, fs.ErrNotExist)
}
