// Package template caches templates: directories that hold a paused VM. Each is
// built once per key, a digest of everything that went into it, shared by all
// processes, and evicted when the cache is full. The package does not know what
// is in a template or how one is built.
package template

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/splicelab/splicelab/internal/artifact"
)

// Store is a directory of templates.
type Store struct {
	entries artifact.Store[artifact.Manifest]
}

// Open opens the store in dir, which it creates if necessary. It keeps at most
// max bytes of unused templates.
func Open(dir string, max int64) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("template cache: %w", err)
	}
	return &Store{artifact.Store[artifact.Manifest]{Dir: dir, Locks: dir, Max: max,
		Check: func(key, dir string) (artifact.Manifest, error) { return artifact.Verify(key, dir, checksum) }}}, nil
}

// Template is a template in use: it is not removed before Release.
type Template struct {
	Dir   string
	Notes json.RawMessage // what Get's build returned

	entry *artifact.Entry[artifact.Manifest]
}

// Release ends the use.
func (t *Template) Release() { t.entry.Release() }

// Get returns the template of a key, which must be a valid file name. If it is
// missing or corrupt, build creates it in an empty directory; the value that
// build returns is kept as the template's notes.
func (s *Store) Get(ctx context.Context, key string, build func(ctx context.Context, dir string) (notes any, err error)) (*Template, error) {
	e, err := s.entries.Make(ctx, key, func(ctx context.Context, dir string) error {
		notes, err := build(ctx, dir)
		if err != nil {
			return err
		}
		files, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, f := range files {
			// Memory that the guest left zero needs no space.
			if err := punchZeros(filepath.Join(dir, f.Name())); err != nil {
				return err
			}
		}
		return artifact.Seal(key, dir, checksum, notes)
	})
	if err != nil {
		return nil, err
	}
	return &Template{Dir: e.Dir, Notes: e.Value.Notes, entry: e}, nil
}

// RemoveUnused removes the templates that nobody has used since a time, and
// returns how many. Those in use stay.
func (s *Store) RemoveUnused(since time.Time) (removed int) {
	keys, _ := s.entries.RemoveUnused(context.Background(), since) // what cannot be removed stays
	return len(keys)
}
