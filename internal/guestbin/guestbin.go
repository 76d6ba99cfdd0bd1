// Package guestbin holds the programs that run in a guest (the agent, the test
// suites, the shell's commands), so that the splicelab binary is
// self-contained. go generate compresses them into archives/, which is
// embedded; they are extracted into the cache when a verb first needs them.
package guestbin

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

//go:generate go run ./generate -programs ../../bin/guest -archives archives -arches "$ARCHES"

//go:embed all:archives
var embedded embed.FS

const (
	manifestFile  = "manifest.json"
	archiveSuffix = ".zst"
)

// ErrNone says that no guest programs were embedded: the binary was built
// without go generate, or without this architecture.
var ErrNone = errors.New("no guest programs are embedded")

// Program is one guest program, uncompressed.
type Program struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Embedded returns the programs for an architecture that this binary carries, or
// ErrNone.
func Embedded(goarch string) (*Set, error) {
	archives, err := fs.Sub(embedded, "archives/"+goarch)
	if err != nil {
		return nil, err
	}
	return Open(archives)
}

// Set is a set of compressed programs with their manifest.
type Set struct {
	files    fs.FS
	programs []Program
	id       string
}

// Open reads the manifest of a directory written by Pack, or returns ErrNone.
// It decompresses nothing.
func Open(files fs.FS) (*Set, error) {
	manifest, err := fs.ReadFile(files, manifestFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, err
	}
	programs, err := parseManifest(manifest)
	if err != nil {
		return nil, err
	}
	return &Set{files: files, programs: programs, id: idOf(manifest)}, nil
}

func parseManifest(b []byte) ([]Program, error) {
	var programs []Program
	if err := json.Unmarshal(b, &programs); err != nil {
		return nil, fmt.Errorf("manifest of the guest programs: %w", err)
	}
	for _, p := range programs {
		if p.Name == "" || filepath.Base(p.Name) != p.Name {
			return nil, fmt.Errorf("manifest of the guest programs: bad name %q", p.Name)
		}
	}
	return programs, nil
}

// idOf derives a set's name from its manifest. 80 bits are enough for a name;
// the content is verified by full digests.
func idOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:10])
}

// describe returns the program at path, digest included.
func describe(path string) (Program, error) {
	f, err := os.Open(path)
	if err != nil {
		return Program{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return Program{}, err
	}
	return Program{Name: filepath.Base(path), Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}, nil
}
