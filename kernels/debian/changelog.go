package debian

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/splicelab/splicelab/internal/osfile"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/apt"
)

// Change is the changelog entry of one upload of the source package.
type Change = apt.Change

// Changes lists the uploads after package version from, up to the one that e
// was built from, newest first, according to e's own changelog. This
// downloads the package again and keeps only the changelog.
func (s *Source) Changes(ctx context.Context, e kernels.Entry, from string) ([]Change, error) {
	text, err := s.changelog(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("changelog of %s: %w", e.Release, err)
	}
	return apt.ChangesAfter(text, from)
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
	text, err := io.ReadAll(io.LimitReader(r, apt.MaxChangelog))
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
		err := s.client.WithFile(ctx, apt.Wanted{URL: p.URL, Size: p.Size, SHA256: p.SHA256}, func(f *os.File, _ string) (err error) {
			found, err = apt.FindChangelog(ctx, f)
			return err
		})
		if err != nil || found != nil {
			return found, err
		}
	}
	return nil, errors.New("none of its packages contains one")
}
