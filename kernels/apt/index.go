package apt

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/xi2/xz"
	"pault.ag/go/debian/control"

	"github.com/splicelab/splicelab/internal/osfile"
)

// Package has the fields that the lab needs of a binary package's index entry.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Depends string `json:"depends,omitempty"`
	URL     string `json:"url"`
	Size    int64  `json:"size"` // bytes; -1 when the index does not list it
	SHA256  string `json:"sha256"`
}

// IndexPath is the path of an architecture's index below that of the suite,
// without the suffix of its compression.
func IndexPath(architecture string) string { return "main/binary-" + architecture + "/Packages" }

// Decompress reads a compressed index.
func Decompress(r io.Reader, path string) (io.Reader, error) {
	if strings.HasSuffix(path, ".gz") {
		return gzip.NewReader(r)
	}
	return xz.NewReader(r, 0)
}

// An extract is a line with the digest of the rest, then the packages as JSON;
// a corrupt one is rebuilt.

// ReadExtract reads an extract.
func ReadExtract(path string) ([]Package, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	digest, body, ok := bytes.Cut(text, []byte("\n"))
	if !ok || Sum(body) != string(digest) {
		return nil, fmt.Errorf("%s is corrupt", path)
	}
	var found []Package
	return found, json.Unmarshal(body, &found)
}

// WriteExtract writes an extract.
func WriteExtract(path string, found []Package) error {
	body, err := json.Marshal(found)
	if err != nil {
		return err
	}
	return osfile.Write(path, append([]byte(Sum(body)+"\n"), body...), 0o600)
}

// maxIndex bounds an unpacked index, maxParagraph one paragraph of it, in
// bytes. Sid's index is 65 MB.
const (
	maxIndex     = 1 << 30
	maxParagraph = 1 << 20
)

// ScanIndex extracts packages from an index: those whose name is wanted. It looks
// only at the first line of each paragraph, and parses those that may matter.
func ScanIndex(index io.Reader, archive string, wants func(name string) bool) ([]Package, error) {
	limited := &io.LimitedReader{R: index, N: maxIndex}
	lines := bufio.NewReaderSize(limited, 1<<16)
	var found []Package
	var paragraph []byte
	wanted, first := false, true
	flush := func() error {
		if !wanted {
			return nil
		}
		p, err := parsePackage(paragraph, archive)
		if err != nil {
			return err
		}
		found = append(found, p)
		paragraph, wanted = paragraph[:0], false
		return nil
	}
	for {
		line, err := lines.ReadSlice('\n')
		cut := errors.Is(err, bufio.ErrBufferFull) // the rest of the line follows
		if err != nil && !cut && !errors.Is(err, io.EOF) {
			return nil, err
		}
		switch {
		case len(bytes.TrimSpace(line)) == 0 && !cut:
			if err := flush(); err != nil {
				return nil, err
			}
			first = true
		case first:
			name, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("Package: "))
			wanted = ok && wants(string(name))
			first = false
		}
		if wanted {
			if len(paragraph)+len(line) > maxParagraph {
				return nil, fmt.Errorf("a paragraph is larger than %d bytes", maxParagraph)
			}
			paragraph = append(paragraph, line...)
		}
		if errors.Is(err, io.EOF) {
			if limited.N <= 0 {
				return nil, fmt.Errorf("it is larger than %d bytes", maxIndex)
			}
			return found, flush()
		}
	}
}

func parsePackage(paragraph []byte, archive string) (Package, error) {
	reader, err := control.NewParagraphReader(bytes.NewReader(paragraph), nil)
	if err != nil {
		return Package{}, err
	}
	p, err := reader.Next()
	if err != nil {
		return Package{}, err
	}
	field := func(name string) string { return strings.TrimSpace(p.Values[name]) }
	size, err := strconv.ParseInt(field("Size"), 10, 64)
	name := field("Package")
	switch {
	case err != nil || size < 0:
		return Package{}, fmt.Errorf("package %s: size %q", name, field("Size"))
	case !isSum(field("SHA256")):
		return Package{}, fmt.Errorf("package %s: SHA256 %q", name, field("SHA256"))
	case !validPath(field("Filename")):
		return Package{}, fmt.Errorf("package %s: file name %q", name, field("Filename"))
	}
	return Package{
		Name:    name,
		Version: field("Version"),
		Depends: field("Depends"),
		URL:     archive + "/" + field("Filename"),
		Size:    size,
		SHA256:  field("SHA256"),
	}, nil
}

// validPath reports whether a file name in an index stays within the archive.
func validPath(name string) bool { return name != "" && filepath.IsLocal(name) }
