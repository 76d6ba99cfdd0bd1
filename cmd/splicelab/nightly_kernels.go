package main

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/results/changes"
)

// missing notes which kernels could not be fetched, and why. The zero value
// is ready.
type missing struct {
	mu  sync.Mutex
	why map[string]error // by release
}

// fetcher waits for a kernel of a release.
type fetcher = func(ctx context.Context, release string) (kernels.Kernel, error)

// watch is fetch, but for that what fails is noted. A fetch that was called off says
// nothing of its kernel.
func (m *missing) watch(fetch fetcher) fetcher {
	return func(ctx context.Context, release string) (kernels.Kernel, error) {
		k, err := fetch(ctx, release)
		if err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) {
			m.mu.Lock()
			defer m.mu.Unlock()
			if m.why == nil {
				m.why = map[string]error{}
			}
			m.why[release] = err
		}
		return k, err
	}
}

// list names the kernels in the order of the entries, and returns what is left
// of err without what was said of them.
func (m *missing) list(entries []kernels.Entry, err error) ([]changes.Missing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []changes.Missing
	for _, e := range entries {
		if why := m.why[e.Release]; why != nil {
			list = append(list, changes.Missing{Kernel: e.Release, Reason: why.Error()})
		}
	}
	var others []error
	for _, leaf := range leaves(err) {
		known := false
		for _, why := range m.why {
			known = known || errors.Is(leaf, why)
		}
		if !known {
			others = append(others, leaf)
		}
	}
	return list, errors.Join(others...)
}

// leaves takes joined errors apart.
func leaves(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, leaves(e)...)
	}
	return all
}

// resolveEach resolves the run's selectors one by one: what one of them lacks
// is no reason to leave out the kernels of the others. There is no error: what
// cannot be resolved is in the list.
func (a *app) resolveEach(ctx context.Context, src *archive) (entries []kernels.Entry, list []changes.Missing) {
	var kept []string
	var down error // why the archive has no index
	for selector := range strings.SplitSeq(a.cfg.Run.Kernels, ",") {
		selector = strings.TrimSpace(selector)
		named := strings.Contains(selector, ":") && !strings.HasPrefix(selector, "newest:")
		err := down
		if err == nil || named {
			_, err = a.resolveAloud(ctx, src, selector)
		}
		var none *kernels.SelectorError
		switch {
		case err == nil:
			kept = append(kept, selector)
			continue
		case !named && !errors.As(err, &none):
			down = err
		}
		list = append(list, changes.Missing{Kernel: selector, Reason: err.Error()})
	}
	if len(kept) == 0 {
		return nil, list
	}
	// At once, so that a kernel that two of them name is there once.
	entries, err := a.resolveAloud(ctx, src, strings.Join(kept, ","))
	if err != nil {
		for _, selector := range kept {
			list = append(list, changes.Missing{Kernel: selector, Reason: err.Error()})
		}
	}
	return entries, list
}
