package session

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/lab/progress"
)

// cacheParts lists the names in the cache directory, except its lock.
func cacheParts(dir string) ([]string, error) {
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

// diskUsage counts the files below path and their bytes on disk. Files that
// disappear meanwhile do not count.
func diskUsage(path string) (files int, bytes int64) {
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

// ListCache writes the parts of the cache as a table.
func (s Settings) ListCache(out io.Writer) error {
	parts, err := cacheParts(s.Cache)
	if err != nil {
		return err
	}
	w := text.NewTable(out)
	fmt.Fprintln(w, "PART\tFILES\tSIZE\tDIRECTORY")
	var files int
	var bytes int64
	for _, part := range parts {
		dir := filepath.Join(s.Cache, part)
		n, used := diskUsage(dir)
		files, bytes = files+n, bytes+used
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", part, n, progress.Bytes(used), dir)
	}
	fmt.Fprintf(w, "total\t%d\t%s\t%s\n", files, progress.Bytes(bytes), s.Cache)
	return w.Flush()
}

// CleanCache removes parts of the cache, or all of it, and lists them. Nobody else
// may be using the cache.
func (s Settings) CleanCache(out io.Writer, chosen []string) error {
	if _, err := os.Stat(s.Cache); errors.Is(err, fs.ErrNotExist) && len(chosen) == 0 {
		return nil // do not create it just for cleaning
	}
	release, err := s.ClaimCache()
	if err != nil {
		return err
	}
	defer release()
	parts, err := cacheParts(s.Cache)
	if err != nil {
		return err
	}
	for _, part := range chosen {
		if !slices.Contains(parts, part) {
			return input.Errorf("the cache has no part %q: it has %s", part, strings.Join(parts, ", "))
		}
	}
	if len(chosen) > 0 {
		parts = chosen
	}
	for _, part := range parts {
		dir := filepath.Join(s.Cache, part)
		_, used := diskUsage(dir)
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("cleaning the cache: %w", err)
		}
		fmt.Fprintf(out, "removed %s (%s)\n", dir, progress.Bytes(used))
	}
	return nil
}
