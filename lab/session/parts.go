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

// CacheUse is the contents of the cache, for machines.
type CacheUse struct {
	Directory string      `json:"directory"`
	Files     int         `json:"files"`
	Bytes     int64       `json:"bytes"` // on disk
	Parts     []CachePart `json:"parts"`
}

// CachePart is a part of the cache: kernels, images, templates, …
type CachePart struct {
	Name      string `json:"name"`
	Files     int    `json:"files"`
	Bytes     int64  `json:"bytes"`
	Directory string `json:"directory"`
}

// CacheUse returns the contents of the cache.
func (s Settings) CacheUse() (CacheUse, error) {
	parts, err := cacheParts(s.Cache)
	if err != nil {
		return CacheUse{}, err
	}
	use := CacheUse{Directory: s.Cache, Parts: []CachePart{}}
	for _, part := range parts {
		dir := filepath.Join(s.Cache, part)
		n, used := diskUsage(dir)
		use.Files, use.Bytes = use.Files+n, use.Bytes+used
		use.Parts = append(use.Parts, CachePart{part, n, used, dir})
	}
	return use, nil
}

// Write writes the contents of the cache as a table.
func (u CacheUse) Write(out io.Writer) error {
	w := text.NewTable(out)
	fmt.Fprintln(w, "PART\tFILES\tSIZE\tDIRECTORY")
	for _, part := range u.Parts {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", part.Name, part.Files, progress.Bytes(part.Bytes), part.Directory)
	}
	fmt.Fprintf(w, "total\t%d\t%s\t%s\n", u.Files, progress.Bytes(u.Bytes), u.Directory)
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
