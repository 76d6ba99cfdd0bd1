package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/splicelab/splicelab/internal/guestbin"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/suite"
)

// guestDir is the directory of the guest programs: the configured one, else
// "guest" beside the executable, where a checkout has those just built, else the
// embedded programs, extracted into the cache. A program that go install built
// has none embedded and compiles them once.
func (a *app) guestDir(ctx context.Context) (string, error) {
	if a.cfg.GuestDir != "" {
		return a.cfg.GuestDir, nil
	}
	a.guestMu.Lock()
	defer a.guestMu.Unlock()
	if a.guest != "" {
		return a.guest, nil
	}
	dir, err := a.findGuest(ctx)
	if err != nil {
		return "", err
	}
	a.guest = dir
	return dir, nil
}

func (a *app) findGuest(ctx context.Context) (string, error) {
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		dir := filepath.Join(filepath.Dir(self), "guest")
		if _, err := os.Stat(filepath.Join(dir, "agent")); err == nil {
			return dir, nil
		}
	}
	set, err := guestbin.Embedded()
	if err == nil {
		return set.Extract(a.cfg.Cache)
	}
	if !errors.Is(err, guestbin.ErrNone) {
		return "", err
	}
	const remedy = "run `make build` in a checkout and copy bin/splicelab, or name a directory of guest programs with --guest-dir"
	module, version, ok := guestbin.Installed()
	if !ok {
		return "", fmt.Errorf("this splicelab was built without its guest programs: %s", remedy)
	}
	dir, err := guestbin.Compile(ctx, a.cfg.Cache, module, version, func(text string) { fmt.Fprintln(a.stderr, "splicelab: "+text) })
	if err != nil {
		return "", fmt.Errorf("compiling the guest programs, which go install leaves out: %w; %s", err, remedy)
	}
	return dir, nil
}

// guestSuites describes the test suites among the guest programs.
func (a *app) guestSuites(ctx context.Context) ([]protocol.Suite, error) {
	dir, err := a.guestDir(ctx)
	if err != nil {
		return nil, err
	}
	return suite.List(ctx, dir)
}
