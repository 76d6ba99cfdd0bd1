package debian

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"pault.ag/go/debian/changelog"
	"pault.ag/go/debian/deb"
	debversion "pault.ag/go/debian/version"

	"github.com/splicelab/splicelab/internal/osfile"
	"github.com/splicelab/splicelab/kernels"
)

// Change is the changelog entry of one upload of the source package.
type Change struct {
	Version string   // of the package
	Lines   []string // its items, one per line, without indentation
}

// add adds a line; a continuation line is joined to the item before it.
func (c *Change) add(line string) {
	switch last := len(c.Lines) - 1; {
	case line == "":
	case last < 0, strings.HasPrefix(line, "- "), strings.HasPrefix(line, "* "), strings.HasPrefix(line, "["):
		c.Lines = append(c.Lines, line)
	default:
		c.Lines[last] += " " + line
	}
}

// maxChangelog bounds a changelog, in bytes; that of 6.1 is 3.7 MB.
const maxChangelog = 64 << 20

// Changes lists the uploads after package version from, up to the one that e
// was built from, newest first, according to e's own changelog. This
// downloads the package again and keeps only the changelog.
func (s *Source) Changes(ctx context.Context, e kernels.Entry, from string) ([]Change, error) {
	text, err := s.changelog(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("changelog of %s: %w", e.Release, err)
	}
	return changesAfter(text, from)
}

func changesAfter(text []byte, from string) ([]Change, error) {
	after, err := debversion.Parse(from)
	if err != nil {
		return nil, fmt.Errorf("package version %q: %w", from, err)
	}
	// One at a time: the parser fails on the oldest uploads, which are not needed.
	r := bufio.NewReader(bytes.NewReader(text))
	var changes []Change
	for {
		e, err := changelog.ParseOne(r)
		if errors.Is(err, io.EOF) {
			return changes, nil
		}
		if err != nil {
			return nil, err
		}
		if debversion.Compare(e.Version, after) <= 0 {
			return changes, nil
		}
		c := Change{Version: e.Version.String()}
		for line := range strings.Lines(e.Changelog) {
			c.add(strings.TrimSpace(line))
		}
		changes = append(changes, c)
	}
}

// changelog returns the text of a kernel's changelog.
func (s *Source) changelog(ctx context.Context, e kernels.Entry) ([]byte, error) {
	b, err := s.build(ctx, e)
	if err != nil {
		return nil, err
	}
	dir, err := s.store.Subdir(filepath.Join("debian", "changelogs"))
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, b.key(false)+".gz")
	kept, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		if kept, err = s.downloadChangelog(ctx, b); err == nil {
			err = osfile.Write(file, kept, 0o600)
		}
	}
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(kept))
	if err != nil {
		return nil, fmt.Errorf("%s: %w; remove it and try again", file, err)
	}
	text, err := io.ReadAll(io.LimitReader(r, maxChangelog))
	if err != nil {
		return nil, fmt.Errorf("%s: %w; remove it and try again", file, err)
	}
	return text, nil
}

// downloadChangelog extracts the compressed changelog from the first of a
// kernel's packages that has one: each package of a split kernel does.
func (s *Source) downloadChangelog(ctx context.Context, b build) ([]byte, error) {
	for _, p := range b.packages {
		var found []byte
		err := s.withFile(ctx, wanted{url: p.URL, size: p.Size, sha256: p.SHA256}, func(f *os.File, _ string) (err error) {
			found, err = findChangelog(ctx, f)
			return err
		})
		if err != nil || found != nil {
			return found, err
		}
	}
	return nil, errors.New("none of its packages contains one")
}

// findChangelog reads the changelog of a package, or returns nil.
func findChangelog(ctx context.Context, f *os.File) (found []byte, err error) {
	archive, err := deb.Load(f, f.Name())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, archive.Close()) }()
	for {
		header, err := archive.Data.Next()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		name := path.Clean("/" + header.Name)
		if ok, _ := path.Match("/usr/share/doc/*/changelog*.gz", name); ok && header.Typeflag == tar.TypeReg {
			return io.ReadAll(io.LimitReader(archive.Data, maxChangelog))
		}
	}
}
