package debian

import (
	"context"
	"slices"
	"strings"
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
		for _, name := range rel.archs() {
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

// archs are the architectures of which the suite has an index.
func (r release) archs() []string {
	var all []string
	for path := range r.files {
		name, ok := strings.CutPrefix(path, "main/binary-")
		name, index, _ := strings.Cut(name, "/")
		if ok && name != "all" && strings.HasPrefix(index, "Packages") && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}
