package kernels

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// touch records that an entry is used: the mtime of its manifest is its last
// use. A read-only store works too.
func (s *Store) touch(key string) {
	now := time.Now()
	_ = os.Chtimes(filepath.Join(s.entry(key), manifestFile), now, now)
}

// RemoveUnused removes the entries that were not used since a time, and returns
// the releases of their kernels.
func (s *Store) RemoveUnused(ctx context.Context, since time.Time) (removed []string, err error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, entriesDir))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		key := e.Name()
		if strings.HasPrefix(key, ".") || !s.unused(key, since) {
			continue
		}
		release := key
		if m, _, err := readManifest(s.entry(key)); err == nil {
			release = m.Release
		}
		gone, rerr := s.removeUnused(ctx, key, since)
		err = errors.Join(err, rerr)
		if gone {
			removed = append(removed, release)
		}
	}
	return removed, err
}

// removeUnused removes one entry, unless another process has started to use it.
func (s *Store) removeUnused(ctx context.Context, key string, since time.Time) (gone bool, err error) {
	unlock, err := s.Lock(ctx, key)
	if err != nil {
		return false, err
	}
	defer unlock()
	if !s.unused(key, since) {
		return false, nil
	}
	return true, s.remove(key)
}

func (s *Store) unused(key string, since time.Time) bool {
	st, err := os.Stat(filepath.Join(s.entry(key), manifestFile))
	if errors.Is(err, fs.ErrNotExist) { // half an entry: its directory tells
		st, err = os.Stat(s.entry(key))
	}
	return err == nil && st.ModTime().Before(since)
}
