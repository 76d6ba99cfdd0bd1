package suite

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/protocol"
)

// guestDir is where test binaries are in the guest.
const guestDir = "/tests"

// GuestPath is where a suite's test binary is in the guest.
func GuestPath(name string) string { return path.Join(guestDir, name+binarySuffix) }

// Set is the suites that a lab can run: those of the guest programs and the user
// suites.
type Set struct {
	Guest Guest
	User  []User
}

// OfUser returns the user suite of that name.
func (s Set) OfUser(name string) (User, bool) {
	i := slices.IndexFunc(s.User, func(u User) bool { return u.Name == name })
	if i < 0 {
		return User{}, false
	}
	return s.User[i], true
}

// Binary is the suite's test binary, or its program, as it was given or built for
// the host's architecture.
func (s Set) Binary(name string) string {
	if u, ok := s.OfUser(name); ok {
		return cmp.Or(u.Program, u.Binary)
	}
	return filepath.Join(s.Guest.Dir, name+binarySuffix)
}

// Files are the files of these suites on the host, for guests of an architecture,
// by their path in the guest. A user suite's files include its data.
func (s Set) Files(ctx context.Context, a arch.Arch, names []string) (map[string]string, error) {
	guest, err := s.Guest.Of(ctx, a)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, name := range names {
		u, ok := s.OfUser(name)
		if !ok {
			files[GuestPath(name)] = filepath.Join(guest, name+binarySuffix)
			continue
		}
		if u, err = u.builtFor(ctx, a, guest); err != nil {
			return nil, err
		}
		all, err := u.files()
		if err != nil {
			return nil, err
		}
		maps.Copy(files, all)
	}
	return files, nil
}

// Digest identifies what a suite runs: its binary and, for a user suite, its
// program and its testdata. Other files in a package's directory are excluded:
// the run's own reports may be there.
func (s Set) Digest(name string) (string, error) {
	files := map[string]string{GuestPath(name): s.Binary(name)}
	if u, ok := s.OfUser(name); ok {
		var err error
		if files, err = u.files(); err != nil {
			return "", err
		}
		maps.DeleteFunc(files, func(place, _ string) bool {
			below, inside := strings.CutPrefix(place, u.WorkDir()+"/")
			return inside && below != protocol.ProgramFile && !strings.HasPrefix(below, "testdata/")
		})
	}
	return Digest(files)
}

// WorkDir is the working directory of a user suite's tests in the guest.
func (u User) WorkDir() string { return path.Join("/own", u.Name) }

func (u User) files() (map[string]string, error) {
	files, err := DirFiles(u.Dir, u.WorkDir(), !u.prebuilt)
	if err != nil {
		return nil, err
	}
	files[GuestPath(u.Name)] = u.Binary
	if u.Program != "" {
		files[path.Join(u.WorkDir(), protocol.ProgramFile)] = u.Program
	}
	return files, nil
}

// maxDirFiles limits what is copied into the guest, in bytes: it takes up guest
// memory.
const maxDirFiles = 64 << 20

// DirFiles are the files below dir/testdata and, with all set, the regular files
// of dir itself, by their path below the guest's directory. Links are followed.
func DirFiles(dir, guest string, all bool) (map[string]string, error) {
	files := map[string]string{}
	if dir == "" {
		return files, nil
	}
	var total int64
	add := func(p string) error {
		st, err := os.Stat(p)
		if err != nil || !st.Mode().IsRegular() {
			return nil // a dangling link or a socket: not data for a test
		}
		if total += st.Size(); total > maxDirFiles {
			return fmt.Errorf("directory %s: its files and testdata exceed %d MiB, which do not fit a VM's memory: move large files elsewhere", dir, maxDirFiles>>20)
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		files[path.Join(guest, filepath.ToSlash(rel))] = p
		return nil
	}
	top, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("working directory: %w", err)
	}
	for _, e := range top {
		if all && !e.IsDir() {
			if err := add(filepath.Join(dir, e.Name())); err != nil {
				return nil, err
			}
		}
	}
	data := filepath.Join(dir, "testdata")
	if st, err := os.Stat(data); err != nil || !st.IsDir() {
		return files, nil
	}
	err = filepath.WalkDir(data, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return add(p)
	})
	return files, err
}

// Digest is the hex SHA-256 over files and their paths in the guest.
func Digest(files map[string]string) (string, error) {
	whole := sha256.New()
	for _, place := range slices.Sorted(maps.Keys(files)) {
		one, err := DigestFile(files[place])
		if err != nil {
			return "", err
		}
		fmt.Fprintf(whole, "%s  %s\n", one, place)
	}
	return hex.EncodeToString(whole.Sum(nil)), nil
}

// DigestFile is the hex SHA-256 of a file.
func DigestFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
