package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/splicelab/splicelab/internal/osfile"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/debian"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/results/store"
)

// kernelStore opens the cache's store of kernels.
func (a *app) kernelStore() (*kernels.Store, error) {
	return kernels.OpenStore(filepath.Join(a.cfg.Cache, "kernels"))
}

// resultStore opens the store of results.
func (a *app) resultStore() (*store.Store, error) {
	return store.Open(a.resultFile())
}

func (a *app) resultFile() string { return filepath.Join(a.cfg.State, "results.db") }

// archive is the configured Debian archive as a source of kernels. It is
// opened when it is first asked for anything: file: selectors must work on a
// machine that has neither network nor apt.
type archive struct {
	cfg   debian.Config
	store *kernels.Store

	once   sync.Once
	opened *debian.Source // nil until it was opened
	err    error          // why it cannot be

	listed []kernels.Entry // what List returned

	builds *source.Named // what build: names
}

func (a *app) archive(store *kernels.Store, refresh bool) *archive {
	cfg := a.cfg.Kernels.Debian
	cfg.Refresh = cfg.Refresh || refresh
	s := &archive{cfg: cfg, store: store}
	s.builds = a.builds(s)
	return s
}

func (s *archive) open() (*debian.Source, error) {
	s.once.Do(func() { s.opened, s.err = debian.New(s.cfg, s.store) })
	return s.opened, s.err
}

// List implements kernels.Source. The index is read once in an invocation, so
// that all its selectors see the same archive.
func (s *archive) List(ctx context.Context) ([]kernels.Entry, error) {
	src, err := s.open()
	if err != nil {
		return nil, err
	}
	if s.listed == nil {
		s.listed, err = src.List(ctx)
	}
	return s.listed, err
}

// Fetch implements kernels.Source.
func (s *archive) Fetch(ctx context.Context, e kernels.Entry, p kernels.Progress) (kernels.Kernel, error) {
	src, err := s.open()
	if err != nil {
		return kernels.Kernel{}, err
	}
	return src.Fetch(ctx, e, p)
}

// resolve turns selectors into entries.
func resolve(ctx context.Context, src *archive, selectors string) ([]kernels.Entry, error) {
	return kernels.Resolve(ctx, []kernels.Source{kernels.Files{Store: src.store}, src.builds, src}, selectors)
}

// resolveAloud is resolve for verbs whose subject are kernels: it tells
// stderr what the archive warned of.
func (a *app) resolveAloud(ctx context.Context, src *archive, selectors string) ([]kernels.Entry, error) {
	entries, err := resolve(ctx, src, selectors)
	a.warnOf(src)
	return entries, err
}

// warnOf tells stderr what the archive warned of, if it was asked.
func (a *app) warnOf(src *archive) {
	if src.opened != nil {
		a.warn(src.opened.Warnings()...)
	}
}

// warn tells stderr each text once in the invocation.
func (a *app) warn(texts ...string) {
	for _, text := range texts {
		if a.warned[text] {
			continue
		}
		if a.warned == nil {
			a.warned = map[string]bool{}
		}
		a.warned[text] = true
		fmt.Fprintf(a.stderr, "splicelab: warning: %s\n", sanitize.Line(text))
	}
}

// useCache makes the cache directory and holds a shared lock on it until the
// process ends or release is called, so that "cache clean" leaves it alone.
func (a *app) useCache() (release func(), err error) {
	f, err := lockCache(a.cfg.Cache, osfile.Shared)
	if err != nil {
		return nil, err
	}
	return func() { _ = f.Close() }, nil // closing unlocks; nothing was written
}

// useVMs is useCache for what starts VMs: the QEMU that is configured works.
func (a *app) useVMs(ctx context.Context) (release func(), err error) {
	if _, err := vm.Version(ctx, a.cfg.VM.QEMU); err != nil {
		return nil, err
	}
	return a.useCache()
}

// scratchStore is a store for results that nobody wants to keep.
func scratchStore() (scratch *store.Store, remove func(), err error) {
	dir, err := os.MkdirTemp("", "splicelab-")
	if err != nil {
		return nil, nil, fmt.Errorf("a place for what is not to be kept: %w", err)
	}
	sweep := func() { _ = os.RemoveAll(dir) } // nothing in it is wanted
	if scratch, err = store.Open(filepath.Join(dir, "results.db")); err != nil {
		sweep()
		return nil, nil, err
	}
	return scratch, func() { _ = scratch.Close(); sweep() }, nil
}

// lockCache takes the cache's lock, shared by those who use it and exclusive
// for who empties it, without waiting.
func lockCache(dir string, mode osfile.Mode) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("cache directory %s cannot be used: %w", dir, err)
	}
	f, err := osfile.TryLock(filepath.Join(dir, lockName), mode)
	var held *osfile.HeldError
	switch {
	case errors.As(err, &held) && mode == osfile.Shared:
		return nil, fmt.Errorf("cache directory %s is being cleaned by another splicelab: try again when it has ended", dir)
	case errors.As(err, &held):
		return nil, fmt.Errorf("cache directory %s is in use by another splicelab: clean it when that has ended", dir)
	case err != nil:
		return nil, fmt.Errorf("cache directory %s cannot be written: %w", dir, err)
	}
	return f, nil
}
