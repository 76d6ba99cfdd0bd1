package apt

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"pault.ag/go/debian/changelog"
	"pault.ag/go/debian/deb"
	debversion "pault.ag/go/debian/version"
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

// MaxChangelog bounds a changelog, in bytes; that of 6.1 is 3.7 MB.
const MaxChangelog = 64 << 20

// ChangesAfter lists the uploads of a changelog after package version from, newest
// first.
func ChangesAfter(text []byte, from string) ([]Change, error) {
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

// FindChangelog reads the changelog of a package, or returns nil.
func FindChangelog(ctx context.Context, f *os.File) (found []byte, err error) {
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
			return io.ReadAll(io.LimitReader(archive.Data, MaxChangelog))
		}
	}
}
