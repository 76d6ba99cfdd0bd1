package kernels

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// WithDigest returns the kernel of the store that has this digest, verified as
// Get does. It finds a kernel that its source offers no more. ok is false where
// there is none.
func (s *Store) WithDigest(ctx context.Context, digest string) (k Kernel, ok bool, err error) {
	if digest == "" {
		return Kernel{}, false, nil
	}
	entries, err := os.ReadDir(filepath.Join(s.dir, entriesDir))
	if err != nil {
		return Kernel{}, false, s.explain(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue // being made, or being removed
		}
		// Get verifies it all; here the manifest alone tells which it is.
		text, err := os.ReadFile(filepath.Join(s.entry(e.Name()), manifestFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Kernel{}, false, err
		}
		var m manifest
		if json.Unmarshal(text, &m) == nil && m.Sums == digest {
			return s.Get(ctx, e.Name())
		}
	}
	return Kernel{}, false, nil
}

// Kept is a source of one kernel, which is there already.
type Kept struct{ Kernel Kernel }

// Entry is the kernel as the source offers it.
func (k Kept) Entry() Entry {
	return Entry{Release: k.Kernel.Release, Version: k.Kernel.Version, Flavour: k.Kernel.Flavour, Origin: k.Kernel.Origin,
		Cached: true, Modules: k.Kernel.Modules != "", Source: k}
}

// List implements Source.
func (k Kept) List(context.Context) ([]Entry, error) { return []Entry{k.Entry()}, nil }

// Fetch implements Source.
func (k Kept) Fetch(context.Context, Entry, Progress) (Kernel, error) { return k.Kernel, nil }
