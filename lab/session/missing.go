package session

import (
	"context"
	"errors"
	"sync"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/results/changes"
)

// missing records which kernels could not be fetched, and why. The zero value is
// ready to use.
type missing struct {
	mu  sync.Mutex
	why map[string]error // by release
}

// watch wraps fetch and records failures. A cancelled fetch is not a failure.
func (m *missing) watch(fetch Fetcher) Fetcher {
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

// list returns the missing kernels in the order of the entries, and err without
// their errors.
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

// leaves splits joined errors.
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
