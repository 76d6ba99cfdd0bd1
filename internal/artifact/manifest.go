package artifact

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/splicelab/splicelab/internal/osfile"
)

// Manifest is the content of ManifestFile for stores that do not define their
// own.
type Manifest struct {
	// Key is the entry's key: an entry moved to another one's place is intact,
	// but was built from different inputs.
	Key   string          `json:"key"`
	Files []File          `json:"files"`
	Notes json.RawMessage `json:"notes"`
}

// File is a file of an entry.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"` // bytes
	Digest string `json:"digest"`
}

// Digest identifies a file's content: a digest, or a checksum where speed
// matters more. The file may be at any offset.
type Digest func(*os.File) (string, error)

// Seal writes the manifest of the entry in dir, which holds files only. It does
// not sync these: if a power failure tears one, Verify finds it corrupt.
func Seal(key, dir string, digest Digest, notes any) error {
	m := Manifest{Key: key}
	var err error
	if m.Notes, err = json.Marshal(notes); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		f, err := describe(dir, e.Name(), digest)
		if err != nil {
			return err
		}
		m.Files = append(m.Files, f)
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return osfile.Write(filepath.Join(dir, ManifestFile), append(text, '\n'), 0o644)
}

// Verify compares the entry in dir with its manifest. Unreadable counts as
// corrupt.
func Verify(key, dir string, digest Digest) (Manifest, error) {
	var m Manifest
	text, err := os.ReadFile(filepath.Join(dir, ManifestFile))
	if err != nil {
		return m, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%w: %s of %s: %w", ErrCorrupt, ManifestFile, dir, err)
	}
	if m.Key != key {
		return m, fmt.Errorf("%w: %s has the manifest of %q", ErrCorrupt, dir, m.Key)
	}
	for _, want := range m.Files {
		switch got, err := describe(dir, want.Name, digest); {
		case err != nil:
			return m, fmt.Errorf("%w: %w", ErrCorrupt, err)
		case got != want:
			return m, fmt.Errorf("%w: %s", ErrCorrupt, filepath.Join(dir, want.Name))
		}
	}
	return m, nil
}

func describe(dir, name string, digest Digest) (File, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return File{}, err
	}
	d := File{Name: name}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = &fs.PathError{Op: "digest", Path: f.Name(), Err: fs.ErrInvalid}
	}
	if err == nil {
		d.Size = st.Size()
		d.Digest, err = digest(f)
	}
	return d, errors.Join(err, f.Close())
}
