package kernels

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/artifact"
)

// sumsFile lists the digest of every file of an entry.
const sumsFile = "SHA256SUMS"

// CorruptError reports a file in the store whose content changed.
type CorruptError struct {
	Path   string
	Reason string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s is corrupt: %s; it is removed from the cache: fetch the kernel again", e.Path, e.Reason)
}

// Unwrap makes the store treat the entry as corrupt and fetch it again.
func (e *CorruptError) Unwrap() error { return artifact.ErrCorrupt }

// sums is the content of a SHA256SUMS file: for each file, sorted by path, a
// line with its digest in hex, two spaces and its path.
type sums []byte

// digest is the hex SHA-256 of the list, and so covers all files in it.
func (s sums) digest() string { return hexSum(s) }

// without returns the list without a file in the top directory.
func (s sums) without(name string) sums {
	var kept sums
	for line := range bytes.Lines(s) {
		if len(line) < sumLen || string(line[sumLen:]) != "  "+name+"\n" {
			kept = append(kept, line...)
		}
	}
	return kept
}

// lookup returns the digest of a file.
func (s sums) lookup(path string) (string, bool) {
	mark := []byte("  " + path + "\n")
	for from := 0; ; {
		i := bytes.Index(s[from:], mark)
		if i < 0 {
			return "", false
		}
		i += from
		// Match whole lines only: a path may contain two spaces and another path.
		if i >= sumLen && (i == sumLen || s[i-sumLen-1] == '\n') {
			return string(s[i-sumLen : i]), true
		}
		from = i + 1
	}
}

// sumLen is the length of a SHA-256 in hex.
const sumLen = 2 * sha256.Size

// has reports whether a file's path starts with the prefix.
func (s sums) has(prefix string) bool { return bytes.Contains(s, []byte("  "+prefix)) }

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// DigestOf returns the hex SHA-256 of data.
func DigestOf(data []byte) string { return hexSum(data) }

// sumTree lists the regular files below dir. Other files are ignored.
func sumTree(ctx context.Context, dir string) (sums, error) {
	var lines []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if !d.Type().IsRegular() {
			return nil
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if strings.ContainsAny(name, "\n\\") {
			return fmt.Errorf("file name %q contains a line break or backslash", name)
		}
		sum, err := sumFile(path)
		if err != nil {
			return err
		}
		lines = append(lines, sum+"  "+filepath.ToSlash(name)+"\n")
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[sumLen:], b[sumLen:]) })
	return sums(strings.Join(lines, "")), nil
}

func sumFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(h, f)
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// verifyFile compares a file of the store with its digest.
func verifyFile(path, want string) error {
	got, err := sumFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &CorruptError{Path: path, Reason: "it is missing"}
	case err != nil:
		return err
	case got != want:
		return &CorruptError{Path: path, Reason: fmt.Sprintf("its SHA-256 is %s and not %s", got, want)}
	}
	return nil
}

// readVerified reads a file of the store and compares it with its digest.
func readVerified(path, want string) ([]byte, error) {
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &CorruptError{Path: path, Reason: "it is missing"}
	case err != nil:
		return nil, err
	}
	if got := hexSum(data); got != want {
		return nil, &CorruptError{Path: path, Reason: fmt.Sprintf("its SHA-256 is %s and not %s", got, want)}
	}
	return data, nil
}

// ReadFile reads a file from the kernel's module directory, given its path there,
// e.g. "kernel/fs/xfs/xfs.ko". For a kernel in the store the file is verified; a
// corrupt one is a *CorruptError, and the next fetch replaces the whole entry. A
// missing file is fs.ErrNotExist.
func ReadFile(k Kernel, rel string) ([]byte, error) {
	if k.Modules == "" {
		return nil, &fs.PathError{Op: "open", Path: rel, Err: fs.ErrNotExist}
	}
	dir := filepath.Dir(k.Modules)
	if filepath.Base(k.Modules) == ModulesDir {
		_, list, err := readManifest(dir)
		if err == nil {
			return readListed(dir, list, rel)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, dropCorrupt(dir, err)
		}
	}
	root, err := os.OpenRoot(k.Modules)
	if err != nil {
		return nil, err
	}
	data, err := root.ReadFile(filepath.FromSlash(rel))
	return data, errors.Join(err, root.Close())
}

func readListed(dir string, list sums, rel string) ([]byte, error) {
	name := ModulesDir + "/" + rel
	want, ok := list.lookup(name)
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: rel, Err: fs.ErrNotExist}
	}
	data, err := readVerified(filepath.Join(dir, filepath.FromSlash(name)), want)
	return data, dropCorrupt(dir, err)
}

// dropCorrupt invalidates a corrupt entry. Removing its manifest is enough, and
// safe while other processes use the store.
func dropCorrupt(dir string, err error) error {
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) {
		return err
	}
	if gone := os.Remove(filepath.Join(dir, manifestFile)); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		return errors.Join(err, gone)
	}
	return err
}
