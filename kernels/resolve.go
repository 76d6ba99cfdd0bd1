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

// Namer is a source of kernels that are only there when they are named, by
// selectors with its prefix.
type Namer interface {
	Source
	Prefix() string // with its colon
	Named(ctx context.Context, selector string) (Entry, error)
}

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
	var namers []Namer
	for _, s := range sources {
		if n, ok := s.(Namer); ok {
			namers = append(namers, n)
		}
	}
	namers = append(namers, Files{})
	var chosen []Entry
	var listed []string
	for _, part := range parts {
		i := slices.IndexFunc(namers, func(n Namer) bool { return strings.HasPrefix(part, n.Prefix()) })
		if i < 0 {
			listed = append(listed, part)
			continue
		}
		entry, err := namers[i].Named(ctx, part)
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
	wait := FetchAhead(ctx, entries, jobs, p)
	var ready []Kernel
	var failed []error
	for _, e := range entries {
		k, err := wait(context.WithoutCancel(ctx), e.Release)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		ready = append(ready, k)
	}
	return ready, errors.Join(failed...)
}

// FetchAhead begins to fetch the entries, jobs at a time and in their order,
// and returns at once. What it returns waits for the one of a release, or for
// its ctx. The error says which kernel it is about.
func FetchAhead(ctx context.Context, entries []Entry, jobs int, p Progress) func(ctx context.Context, release string) (Kernel, error) {
	type result struct {
		done   chan struct{}
		kernel Kernel
		err    error
	}
	all := map[string]*result{}
	for _, e := range entries {
		all[e.Release] = &result{done: make(chan struct{})}
	}
	queue := make(chan Entry, len(entries))
	for _, e := range entries {
		queue <- e
	}
	close(queue)
	for range min(max(jobs, 1), len(entries)) {
		go func() {
			for e := range queue {
				r := all[e.Release]
				if e.Source == nil {
					r.err = fmt.Errorf("kernel %s: no source to fetch it from", e.Release)
				} else if r.kernel, r.err = e.Source.Fetch(ctx, e, p); r.err != nil {
					r.err = fmt.Errorf("kernel %s: %w", e.Release, r.err)
				}
				close(r.done)
			}
		}()
	}
	return func(ctx context.Context, release string) (Kernel, error) {
		r := all[release]
		if r == nil {
			return Kernel{}, fmt.Errorf("kernel %s was not to be fetched", release)
		}
		select {
		case <-r.done:
			return r.kernel, r.err
		case <-ctx.Done():
			return Kernel{}, ctx.Err()
		}
	}
}
