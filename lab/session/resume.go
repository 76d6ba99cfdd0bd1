package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// Paused is a stored run with possibly unfinished cells.
type Paused struct {
	results.Run
	recipe   lab.Recipe
	finished bool // it was not interrupted
	cells    []results.Cell
	left     []string // kernels with unfinished cells
}

// NothingToResumeError reports that every run in a store was finished.
type NothingToResumeError struct{ Store string }

func (e *NothingToResumeError) Error() string {
	return fmt.Sprintf("there is no run to resume: every run in %s was finished", e.Store)
}

// BadInput marks an error that the user has to correct.
func (*NothingToResumeError) BadInput() {}

// FindPaused finds the run to be resumed, and what remains of it. An empty ref
// is the newest interrupted run that no process is running, and "latest" the
// newest run, which elsewhere it is only once it has finished.
func FindPaused(ctx context.Context, s *store.Store, ref string) (Paused, error) {
	var run results.Run
	var err error
	switch ref {
	case "":
		run, err = newestPaused(ctx, s)
	case "latest":
		run, err = s.NewestRun(ctx)
	default:
		run, err = s.Run(ctx, ref)
	}
	if err != nil {
		return Paused{}, err
	}
	p := Paused{Run: run}
	if p.recipe, p.finished, err = lab.RecipeOf(ctx, s, run); err != nil {
		return Paused{}, err
	}
	if p.cells, err = s.Cells(ctx, run.ID); err != nil {
		return Paused{}, err
	}
	p.left = p.recipe.Remaining(p.cells)
	return p, nil
}

func newestPaused(ctx context.Context, s *store.Store) (results.Run, error) {
	runs, err := s.Unfinished(ctx)
	if err != nil {
		return results.Run{}, err
	}
	running, err := s.Running()
	if err != nil {
		return results.Run{}, err
	}
	var held error
	for _, r := range runs {
		if !running.Has(r.ID) {
			return r, nil
		}
		held = &results.RunningError{Run: r.ID}
	}
	if held != nil {
		return results.Run{}, held
	}
	return results.Run{}, &NothingToResumeError{s.Path()}
}

// Complete reports whether nothing remains of the run.
func (p Paused) Complete() bool { return len(p.left) == 0 && p.finished && !p.Finished.IsZero() }

// Trouble is why a complete run cannot be trusted; nil if it can.
func (p Paused) Trouble() error {
	if p.Problem == "" {
		return nil
	}
	return errors.New(p.Problem)
}

// Option is an option that was given by name.
type Option struct{ Name, Value string }

// ContradictionError reports an option that contradicts the run to be resumed.
type ContradictionError struct {
	Option
	Run, Was string
}

func (e *ContradictionError) Error() string {
	return fmt.Sprintf("%s %s contradicts run %s, which has %q", e.Name, e.Value, e.Run, e.Was)
}

// BadInput marks an error that the user has to correct.
func (*ContradictionError) BadInput() {}

// Contradicts checks the given options, with their values in s, against those
// that define the run. Repeating the same values is fine: people recall command
// lines from the shell's history. The error is a *ContradictionError.
func (p Paused) Contradicts(given []Option, s Settings, from []string) error {
	now := s.Requested(from)
	for _, o := range given {
		value, defines := now[o.Name]
		if !defines {
			continue
		}
		was := []string{p.recipe.Requested[o.Name]}
		switch o.Name {
		case "accel":
			was = append(was, p.Accel)
		case "cpus": // releases without the flag did not store it by name
			was = append(was, fmt.Sprint(p.recipe.CPUs))
		case "seed":
			was = append(was, fmt.Sprint(p.Seed))
		}
		if !slices.Contains(was, value) {
			return &ContradictionError{Option{o.Name, value}, p.ID, was[0]}
		}
	}
	return nil
}

// Resume runs what remains of a run. If ran is false, nothing was run and there
// is nothing to conclude.
func (s *Session) Resume(ctx context.Context, p Paused, a Audience) (ran bool, err error) {
	var user []suite.User
	if from := p.recipe.Requested["tests-from"]; from != "" {
		_, found, release, err := s.Suites(ctx, strings.Split(from, "\n"))
		if err != nil {
			return false, err
		}
		defer release()
		user = found
	}
	fetch, canary, err := s.sameKernels(ctx, p, a)
	if err != nil {
		return false, err
	}
	s.Run.Policy, s.Run.Seed, s.VM.Accel = string(p.Policy), p.Seed, p.Accel
	l, err := s.NewLab(ctx, canary, a, func(c *lab.Config) {
		p.recipe.Configure(c)
		c.User = user
	})
	if err != nil {
		return false, err
	}
	if err := p.recipe.Unchanged(ctx, l, p.ID); err != nil {
		return false, err
	}
	fmt.Fprintf(a, "resuming run %s: %d of %d cells have been run\n", p.ID, len(p.cells), p.Planned)
	after, err := l.Resume(ctx, p.ID, p.recipe.Plan(), lab.Fetch(fetch), a)
	var held *results.RunningError
	return after.ID != "" && !errors.As(err, &held), err
}

// GoneError reports that a kernel of a paused run can no longer be fetched.
type GoneError struct {
	Run, Kernel, Origin string
	Err                 error
}

func (e *GoneError) Error() string {
	return fmt.Sprintf("run %s cannot be resumed without kernel %s, which is no longer in the cache or at its origin (%s): restore it, or start a new run: %s", e.Run, e.Kernel, e.Origin, e.Err)
}

func (e *GoneError) Unwrap() error { return e.Err }

// sameKernels are the kernels with unfinished cells: from the cache, else from
// their origin. The digest of a kernel must not have changed. canary is one that
// is ready.
func (s *Session) sameKernels(ctx context.Context, p Paused, a kernels.Progress) (fetch Fetcher, canary kernels.Kernel, err error) {
	var entries []kernels.Entry
	digests := map[string]string{}
	for _, k := range p.recipe.Kernels {
		if !slices.Contains(p.left, k.Release) {
			continue
		}
		digests[k.Release] = k.Digest
		kept, ok, err := s.KernelStore.WithDigest(ctx, k.Digest)
		switch {
		case err != nil:
			return nil, canary, err
		case ok:
			entries = append(entries, kernels.Kept{Kernel: kept}.Entry())
			continue
		}
		selector := k.Release
		if strings.HasPrefix(k.Origin, "file:") || strings.HasPrefix(k.Origin, "build:") {
			selector = k.Origin
		}
		found, err := s.Archive.Resolve(ctx, selector)
		if err != nil {
			return nil, canary, &GoneError{p.ID, k.Release, k.Origin, err}
		}
		entries = append(entries, found...)
	}
	ready := kernels.Prefetch(ctx, entries, FetchJobs, a)
	fetch = func(ctx context.Context, release string) (kernels.Kernel, error) {
		k, err := ready(ctx, release)
		if want := digests[release]; err == nil && want != "" && k.Digest != want {
			err = &lab.ChangedError{Run: p.ID, What: []string{fmt.Sprintf("kernel %s from %s is a different build (sha256 %.12s… before, %.12s… now)", release, k.Origin, want, k.Digest)}}
		}
		return k, err
	}
	// The run has results of these, so verify them before it resumes.
	for _, e := range entries {
		if digests[e.Release] != "" {
			if canary, err = fetch(ctx, e.Release); err != nil {
				return nil, canary, err
			}
		}
	}
	if canary.Release == "" && len(entries) > 0 {
		canary, err = firstOf(ctx, entries, fetch)
	}
	return fetch, canary, err
}
