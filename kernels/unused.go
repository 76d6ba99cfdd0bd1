package kernels

import (
	"context"
	"time"
)

// RemoveUnused removes the entries that have not been used since the given time,
// and returns the releases of their kernels.
func (s *Store) RemoveUnused(ctx context.Context, since time.Time) (removed []string, err error) {
	keys, err := s.entries.Keys()
	if err != nil {
		return nil, s.explain(err)
	}
	release := map[string]string{}
	for _, key := range keys {
		release[key] = key
		if m, _, err := readManifest(s.entry(key)); err == nil {
			release[key] = m.Release
		}
	}
	keys, err = s.entries.RemoveUnused(ctx, since)
	for _, key := range keys {
		removed = append(removed, release[key])
	}
	return removed, s.explain(err)
}
