package debian

import (
	"context"
	"slices"
)

// Archs implements kernels.ArchSource, from the Release files of the suites
// that can be read.
func (s *Source) Archs(ctx context.Context) ([]string, error) {
	keys, err := s.keyring()
	if err != nil {
		return nil, err
	}
	var all []string
	var failed error
	for _, suite := range s.cfg.Suites {
		if s.cfg.archive(suite) == "" {
			continue
		}
		rel, err := s.release(ctx, suite, keys)
		if err != nil {
			failed = err
			continue
		}
		for _, name := range rel.Archs() {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	if len(all) == 0 {
		return nil, failed
	}
	slices.Sort(all)
	return all, nil
}
