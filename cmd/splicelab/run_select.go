package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/config"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/suite"
)

// selection is what a run is to be made of, but for its kernels.
type selection struct {
	profiles []images.Profile
	suites   []protocol.Suite
	own      []suite.User
	pattern  string
	cell     string // the one cell that the pattern matches; set by oneCell
	release  func() // to be called when the run has ended
}

// selectTests reads the profiles and the suites, and makes sure that the
// pattern matches one of their tests.
func (a *app) selectTests(ctx context.Context, from []string) (selection, error) {
	profiles, err := a.profiles(a.cfg.Run.Filesystems)
	if err != nil {
		return selection{}, err
	}
	suites, own, release, err := a.allSuites(ctx, from)
	if err != nil {
		return selection{}, err
	}
	c := chosen{pattern: ownPattern(a.cfg.Run.Tests, own), priority: a.cfg.Run.Priority}
	if err := matched(suites, c); err != nil {
		release()
		return selection{}, err
	}
	return selection{profiles: profiles, suites: plan.UpTo(suites, c.priority), own: own, pattern: c.pattern, release: release}, nil
}

// fetchForRun returns the kernels that could be had, and an error for those
// that could not. No kernels means that there is nothing to run.
func (a *app) fetchForRun(ctx context.Context, refresh bool, p *progress) ([]kernels.Kernel, error) {
	store, err := a.kernelStore()
	if err != nil {
		return nil, err
	}
	src := a.archive(store, refresh)
	entries, err := a.resolveForRun(ctx, src)
	if err != nil {
		return nil, err
	}
	found, err := kernels.FetchAll(ctx, entries, fetchJobs, p)
	if err != nil && len(found) > 0 && ctx.Err() == nil {
		a.warn(fmt.Sprintf("%d of %d kernels are left out, because they could not be fetched", len(entries)-len(found), len(entries)))
	}
	return found, err
}

// resolveForRun resolves the run's selectors. The default matrix names series
// that an archive may have dropped or not have yet: those are left out, as
// long as something is left.
func (a *app) resolveForRun(ctx context.Context, src *archive) ([]kernels.Entry, error) {
	entries, err := a.resolveAloud(ctx, src, a.cfg.Run.Kernels)
	var none *kernels.SelectorError
	if a.cfg.Run.Kernels != config.DefaultKernels || !errors.As(err, &none) {
		return entries, err
	}
	var kept []string
	for selector := range strings.SplitSeq(config.DefaultKernels, ",") {
		if _, err := a.resolveAloud(ctx, src, selector); err != nil {
			a.warn(fmt.Sprintf("kernel %s of the default matrix is left out: %s", selector, err))
			continue
		}
		kept = append(kept, selector)
	}
	if len(kept) == 0 {
		return nil, err
	}
	return a.resolveAloud(ctx, src, strings.Join(kept, ","))
}
