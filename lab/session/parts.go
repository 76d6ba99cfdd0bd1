package session

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// CacheParts lists the names in the cache directory, except its lock.
func CacheParts(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cache directory: %w", err)
	}
	var parts []string
	for _, e := range entries {
		if e.Name() != LockName {
			parts = append(parts, e.Name())
		}
	}
	return parts, nil
}

// DiskUsage counts the files below path and the bytes that they take on the disk.
// Files that vanish meanwhile do not count.
func DiskUsage(path string) (files int, bytes int64) {
	_ = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		var st unix.Stat_t
		if err != nil || d.IsDir() || unix.Lstat(p, &st) != nil {
			return nil
		}
		files++
		bytes += st.Blocks * 512 // the unit of st_blocks, stat(2)
		return nil
	})
	return files, bytes
}
