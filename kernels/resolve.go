package kernels

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// fileSelector starts a selector that names a kernel image on this machine.
const fileSelector = "file:"

// Resolve finds the entries that the comma-separated selectors name, each
// once, oldest first. Kernels that selectors name by file: need no source; a
// Files among the sources makes them boot faster, because it knows where to
// keep what it unpacks. The other sources are listed only when a selector
// needs them, so that files work without network.
func Resolve(ctx context.Context, sources []Source, selectors string) ([]Entry, error) {
	parts, err := splitSelectors(selectors)
	if err != nil {
		return nil, err
	}
	var files Files
	for _, s := range sources {
		if f, ok := s.(Files); ok {
			files = f
		}
	}
	var chosen []Entry
	var listed []string
	for _, part := range parts {
		if !strings.HasPrefix(part, fileSelector) {
			listed = append(listed, part)
			continue
		}
		entry, err := files.Entry(part)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, entry)
	}
	if len(listed) > 0 {
		offered, err := List(ctx, sources)
		if err != nil {
			return nil, err
		}
		found, err := selectParts(offered, listed)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, found...)
	}
	return unique(chosen), nil
}

// List asks every source what it offers and returns it oldest first.
func List(ctx context.Context, sources []Source) ([]Entry, error) {
	offers := make([][]Entry, len(sources))
	group, ctx := errgroup.WithContext(ctx)
	for i, s := range sources {
		group.Go(func() error {
			var err error
			offers[i], err = s.List(ctx)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := slices.Concat(offers...)
	SortEntries(all)
	return all, nil
}

// FetchAll makes the entries ready to boot, jobs of them at a time (at least
// one), and returns those that are, in the order of the entries. A kernel that
// cannot be had does not stop the others: the error names each such kernel.
// Progress may be nil.
func FetchAll(ctx context.Context, entries []Entry, jobs int, p Progress) ([]Kernel, error) {
	fetched := make([]Kernel, len(entries))
	failed := make([]error, len(entries))
	var group errgroup.Group
	group.SetLimit(max(jobs, 1))
	for i, e := range entries {
		group.Go(func() error {
			if e.Source == nil {
				failed[i] = fmt.Errorf("kernel %s: no source to fetch it from", e.Release)
				return nil
			}
			k, err := e.Source.Fetch(ctx, e, p)
			if err != nil {
				failed[i] = fmt.Errorf("kernel %s: %w", e.Release, err)
				return nil
			}
			fetched[i] = k
			return nil
		})
	}
	_ = group.Wait() // no job returns an error: each is in failed
	var ready []Kernel
	for i, err := range failed {
		if err == nil {
			ready = append(ready, fetched[i])
		}
	}
	return ready, errors.Join(failed...)
}
