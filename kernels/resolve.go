package kernels

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/splicelab/splicelab/internal/arch"
)

// fileSelector starts a selector that names a kernel image on this host.
const fileSelector = "file:"

// Namer is a source whose kernels are not listed but named by selectors with
// its prefix.
type Namer interface {
	Source
	Prefix() string // including the colon
	Named(ctx context.Context, selector string) (Entry, error)
}

// Resolve returns the entries that the comma-separated selectors match, each
// once, oldest first. file: selectors need no source; with a Files among the
// sources those kernels boot faster, because its store keeps the extracted
// vmlinux. Other sources are listed only if a selector needs them, so that
// files work without network, and only for the flavours needed.
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
	var usual, flavoured []string // listed in the default flavour, in another
	for _, part := range parts {
		i := slices.IndexFunc(namers, func(n Namer) bool { return strings.HasPrefix(part, n.Prefix()) })
		if i < 0 {
			if strings.Contains(part, "@") || arch.FlavourOf(part) != "" {
				flavoured = append(flavoured, part)
			} else {
				usual = append(usual, part)
			}
			continue
		}
		entry, err := namers[i].Named(ctx, part)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, entry)
	}
	if len(usual) > 0 {
		offered, err := List(ctx, sources)
		if err != nil {
			return nil, err
		}
		found, err := selectParts(offered, usual)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, found...)
	}
	found, err := resolveFlavours(ctx, sources, flavoured)
	if err != nil {
		return nil, err
	}
	return unique(append(chosen, found...)), nil
}

// List returns the entries of all sources, oldest first.
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

// FetchAll fetches the entries, jobs of them at a time (at least one), and
// returns the kernels that are ready to boot, in the order of the entries. A
// kernel that cannot be fetched does not stop the others: the error names each
// such kernel. Progress may be nil.
func FetchAll(ctx context.Context, entries []Entry, jobs int, p Progress) ([]Kernel, error) {
	var ready []Kernel
	var failed []error
	for _, f := range fetch(ctx, entries, jobs, p) {
		<-f.done
		if f.err != nil {
			failed = append(failed, f.err)
			continue
		}
		ready = append(ready, f.kernel)
	}
	return ready, errors.Join(failed...)
}

// Prefetch starts fetching the entries in order, jobs at a time, and returns at
// once. The returned function waits for the kernel of a release, or for its ctx.
// Its error names the kernel. A release shared by several entries is an error.
func Prefetch(ctx context.Context, entries []Entry, jobs int, p Progress) func(ctx context.Context, release string) (Kernel, error) {
	byRelease := map[string][]*fetching{}
	for i, f := range fetch(ctx, entries, jobs, p) {
		byRelease[entries[i].Release] = append(byRelease[entries[i].Release], f)
	}
	return func(ctx context.Context, release string) (Kernel, error) {
		switch found := byRelease[release]; len(found) {
		case 0:
			return Kernel{}, fmt.Errorf("kernel %s is not being fetched", release)
		case 1:
			select {
			case <-found[0].done:
				return found[0].kernel, found[0].err
			case <-ctx.Done():
				return Kernel{}, ctx.Err()
			}
		default:
			return Kernel{}, fmt.Errorf("kernel %s: %d of the selected kernels have this release: select one of them", release, len(found))
		}
	}
}

// fetching is one entry's fetch. done is closed once kernel and err are set.
type fetching struct {
	done   chan struct{}
	kernel Kernel
	err    error
}

// fetch starts fetching the entries; the result has one fetching for each.
func fetch(ctx context.Context, entries []Entry, jobs int, p Progress) []*fetching {
	all := make([]*fetching, len(entries))
	queue := make(chan int, len(entries))
	for i := range entries {
		all[i] = &fetching{done: make(chan struct{})}
		queue <- i
	}
	close(queue)
	for range min(max(jobs, 1), len(entries)) {
		go func() {
			for i := range queue {
				e, f := entries[i], all[i]
				if e.Source == nil {
					f.err = fmt.Errorf("kernel %s: no source to fetch it from", e.Release)
				} else if f.kernel, f.err = e.Source.Fetch(ctx, e, p); f.err != nil {
					f.err = fmt.Errorf("kernel %s: %w", e.Release, f.err)
				}
				close(f.done)
			}
		}()
	}
	return all
}
