package artifact

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/osfile"
)

// Keys returns the keys of all entries, sorted; none if the store does not
// exist.
func (s *Store[T]) Keys() ([]string, error) {
	all, err := s.list()
	var keys []string
	for _, e := range all {
		if isKey(e) {
			keys = append(keys, e.Name())
		}
	}
	return keys, err
}

func (s *Store[T]) list() ([]fs.DirEntry, error) {
	all, err := os.ReadDir(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return all, err
}

func isKey(e fs.DirEntry) bool { return e.IsDir() && !strings.Contains(e.Name(), ".") }

// RemoveUnused removes the entries that were last used at that time or before,
// and returns their keys. It keeps entries in use.
func (s *Store[T]) RemoveUnused(ctx context.Context, since time.Time) (removed []string, err error) {
	all, err := s.list()
	for _, e := range all {
		name := e.Name()
		if ctx.Err() != nil {
			return removed, errors.Join(err, context.Cause(ctx))
		}
		unused := func() bool { return !s.lastUse(name).After(since) }
		switch {
		case !unused() || strings.HasSuffix(name, lockSuffix) || strings.HasSuffix(name, partSuffix):
		case !isKey(e): // left by an older version
			err = errors.Join(err, os.RemoveAll(s.Path(name)))
		default:
			gone, rerr := s.ifFree(name, func() (bool, error) {
				if !unused() { // was used in the meantime
					return false, nil
				}
				return true, s.remove(name)
			})
			err = errors.Join(err, rerr)
			if gone {
				removed = append(removed, name)
			}
		}
	}
	s.sweep(all)
	return removed, err
}

// makeRoom removes what killed processes left behind, and evicts until at most
// Max bytes are left. What cannot be removed now is left for a later call.
func (s *Store[T]) makeRoom() {
	all, err := s.list()
	if err != nil {
		return
	}
	s.sweep(all)
	if s.Max == Unbounded {
		return
	}
	type candidate struct {
		key  string
		size int64
		used time.Time
	}
	var candidates []candidate
	total := int64(0)
	for _, e := range all {
		size := Allocated(s.Path(e.Name()))
		total += size
		if isKey(e) {
			candidates = append(candidates, candidate{e.Name(), size, s.lastUse(e.Name())})
		}
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(a.used.Compare(b.used), strings.Compare(a.key, b.key))
	})
	for _, c := range candidates {
		if total <= s.Max {
			return
		}
		if gone, err := s.ifFree(c.key, func() (bool, error) { return true, s.remove(c.key) }); gone && err == nil {
			total -= c.size
		}
	}
}

// sweep removes unfinished entries that no process is working on.
func (s *Store[T]) sweep(all []fs.DirEntry) {
	for _, e := range all {
		if key, part := strings.CutSuffix(e.Name(), partSuffix); part {
			_, _ = s.ifFree(key, func() (bool, error) { return true, os.RemoveAll(s.Path(e.Name())) })
		}
	}
}

// ifFree calls do with the entry's exclusive lock held, unless another process
// holds a lock.
func (s *Store[T]) ifFree(key string, do func() (bool, error)) (bool, error) {
	lock, err := osfile.TryLock(s.lockPath(key), osfile.Exclusive)
	if held := (*osfile.HeldError)(nil); errors.As(err, &held) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer lock.Close()
	return do()
}

// touch records the use of the entry in dir. A read-only store works too.
func touch(dir string) {
	now := time.Now()
	_ = os.Chtimes(filepath.Join(dir, ManifestFile), now, now)
}

func (s *Store[T]) lastUse(key string) time.Time {
	st, err := os.Stat(filepath.Join(s.Path(key), ManifestFile))
	if err != nil { // half an entry: use its directory's time
		st, err = os.Lstat(s.Path(key))
	}
	if err != nil {
		return time.Now() // gone: nothing to remove
	}
	return st.ModTime()
}

// Allocated is how many bytes the files below a path occupy on disk.
func Allocated(path string) int64 {
	total := int64(0)
	_ = filepath.WalkDir(path, func(path string, e fs.DirEntry, err error) error {
		var st unix.Stat_t
		if err == nil && !e.IsDir() && unix.Lstat(path, &st) == nil {
			total += st.Blocks * 512
		}
		return nil // removed in the meantime
	})
	return total
}
