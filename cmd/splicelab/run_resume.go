package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// asked are the options that say what a run is, by the names of their flags.
// They are kept with the run; a flag beside --resume must not contradict them.
func (a *app) asked(from []string) map[string]string {
	r, v := a.cfg.Run, a.cfg.VM
	return map[string]string{
		"kernels":         r.Kernels,
		"filesystems":     r.Filesystems,
		"tests":           r.Tests,
		"tests-from":      strings.Join(absolute(from), "\n"),
		"priority":        fmt.Sprint(r.Priority),
		"all":             fmt.Sprint(r.All),
		"policy":          r.Policy,
		"isolation":       r.Isolation,
		"retry-failures":  fmt.Sprint(r.RetryFailures),
		"no-templates":    fmt.Sprint(v.NoTemplates),
		"accel":           v.Accel,
		"memory":          fmt.Sprint(v.Memory),
		"boot-timeout":    v.BootTimeout.String(),
		"silence-timeout": v.SilenceTimeout.String(),
		"cell-timeout":    v.CellTimeout.String(),
		"kernel-args":     v.KernelArgs,
		"seed":            fmt.Sprint(r.Seed),
	}
}

// absolute are the same files from any directory; import paths stand as they
// are.
func absolute(from []string) []string {
	out := slices.Clone(from)
	for i, f := range out {
		if _, err := os.Stat(f); err != nil {
			continue
		}
		if path, err := filepath.Abs(f); err == nil {
			out[i] = path
		}
	}
	return out
}

// resumeArguments takes the run to be resumed, and nothing without --resume.
func resumeArguments(resume *bool) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if *resume {
			return arguments(0, 1, "")(cmd, args)
		}
		return arguments(0, 0, "")(cmd, args)
	}
}

// stopped is a run of which something may be left.
type stopped struct {
	results.Run
	recipe lab.Recipe
	ended  bool // it came to its end by itself
	cells  []results.Cell
	left   []string // kernels of which something is left
}

// resume goes on with a run that was stopped; ref is empty for the newest.
func (a *app) resume(ctx context.Context, flags *pflag.FlagSet, ref string, from []string) error {
	reports, err := a.newReports(a.cfg.Run)
	if err != nil {
		return err
	}
	store, err := a.resultStore()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // each attempt was durable when it was added
	run, err := a.stoppedRun(ctx, store, ref)
	if err != nil {
		return err
	}
	if err := a.contradictions(flags, run, from); err != nil {
		return err
	}
	if len(run.left) == 0 && run.ended && !run.Finished.IsZero() {
		fmt.Fprintf(a.stderr, "splicelab: nothing is left of run %s\n", run.ID)
		return a.conclude(ctx, store, run.ID, reports, storedTrouble(run.Run))
	}
	return a.goOn(ctx, store, run, reports)
}

// storedTrouble is what a finished run is not to be trusted for.
func storedTrouble(r results.Run) error {
	if r.Problem == "" {
		return nil
	}
	return errors.New(r.Problem)
}

// stoppedRun finds the run to be resumed, and what is left of it.
func (a *app) stoppedRun(ctx context.Context, store *store.Store, ref string) (stopped, error) {
	var run results.Run
	var err error
	if ref == "" {
		run, err = newestStopped(ctx, store)
	} else {
		run, err = store.Run(ctx, ref)
	}
	if err != nil {
		return stopped{}, err
	}
	s := stopped{Run: run}
	if s.recipe, s.ended, err = lab.RecipeOf(ctx, store, run); err != nil {
		return stopped{}, err
	}
	if s.cells, err = store.Cells(ctx, run.ID); err != nil {
		return stopped{}, err
	}
	s.left = s.recipe.Remaining(s.cells)
	return s, nil
}

// newestStopped is the newest run that did not come to its end and that nobody
// is at.
func newestStopped(ctx context.Context, store *store.Store) (results.Run, error) {
	runs, err := store.Unfinished(ctx)
	if err != nil {
		return results.Run{}, err
	}
	running, err := store.Running()
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
	return results.Run{}, usagef("there is no run to resume: every run in %s came to its end; --resume RUN tries again the cells of such a run that the lab failed, and splicelab results list shows all", store.Path())
}

// contradictions refuses flags that ask for another run than the one that goes
// on. What they repeat is welcome: a command line is easily given once more.
func (a *app) contradictions(flags *pflag.FlagSet, run stopped, from []string) error {
	now := a.asked(from)
	was := func(name string) []string {
		switch name {
		case "accel":
			return []string{run.recipe.Requested[name], run.Accel}
		case "seed":
			return []string{run.recipe.Requested[name], fmt.Sprint(run.Seed)}
		}
		return []string{run.recipe.Requested[name]}
	}
	var err error
	flags.Visit(func(f *pflag.Flag) {
		value, ofPlan := now[f.Name]
		if err == nil && ofPlan && !slices.Contains(was(f.Name), value) {
			err = usagef("--%s %s contradicts run %s, which goes on with %q: leave the flag away, or begin a new run without --resume", f.Name, value, run.ID, was(f.Name)[0])
		}
	})
	return err
}

// goOn runs what is left.
func (a *app) goOn(ctx context.Context, store *store.Store, run stopped, reports reports) error {
	if from := run.recipe.Requested["tests-from"]; from != "" {
		_, own, release, err := a.allSuites(ctx, strings.Split(from, "\n"))
		if err != nil {
			return err
		}
		defer release()
		return a.goOnWith(ctx, store, run, own, reports)
	}
	return a.goOnWith(ctx, store, run, nil, reports)
}

func (a *app) goOnWith(ctx context.Context, store *store.Store, run stopped, own []suite.User, reports reports) error {
	release, err := a.useVMs(ctx)
	if err != nil {
		return err
	}
	defer release()
	p := newProgress(a.stderr)
	defer p.Close()
	kstore, err := a.kernelStore()
	if err != nil {
		return err
	}
	fetch, canary, err := a.sameKernels(ctx, kstore, run, p)
	if err != nil {
		return err
	}
	a.cfg.Run.Policy, a.cfg.Run.Seed, a.cfg.VM.Accel = string(run.Policy), run.Seed, run.Accel
	l, err := a.newLab(ctx, canary, store, p, func(c *lab.Config) {
		run.recipe.Configure(c)
		c.User = own
	})
	if err != nil {
		return err
	}
	if err := run.recipe.Unchanged(ctx, l, run.ID); err != nil {
		return err
	}
	fmt.Fprintf(p, "resuming run %s: %d of %d cells have been run\n", run.ID, len(run.cells), run.Planned)
	after, runErr := l.Resume(ctx, run.ID, run.recipe.Plan(), lab.Fetch(fetch), p)
	p.Close()
	var held *results.RunningError
	if after.ID == "" || errors.As(runErr, &held) {
		return runErr
	}
	return a.conclude(ctx, store, run.ID, reports, runErr)
}

// sameKernels are the kernels of which something is left: those that the run
// had from the cache where they are still there, else from where they came.
// What was verified once must be what it was. canary is one that is ready.
func (a *app) sameKernels(ctx context.Context, kstore *kernels.Store, run stopped, p *progress) (fetch func(context.Context, string) (kernels.Kernel, error), canary kernels.Kernel, err error) {
	src := a.archive(kstore, false)
	var entries []kernels.Entry
	digests := map[string]string{}
	for _, k := range run.recipe.Kernels {
		if !slices.Contains(run.left, k.Release) {
			continue
		}
		digests[k.Release] = k.Digest
		kept, ok, err := kstore.WithDigest(ctx, k.Digest)
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
		found, err := a.resolveAloud(ctx, src, selector)
		if err != nil {
			return nil, canary, fmt.Errorf("run %s cannot go on without kernel %s, which is no more in the cache, nor where it came from (%s): put it back, or begin a new run: %w", run.ID, k.Release, k.Origin, err)
		}
		entries = append(entries, found...)
	}
	ready := kernels.FetchAhead(ctx, entries, fetchJobs, p)
	fetch = func(ctx context.Context, release string) (kernels.Kernel, error) {
		k, err := ready(ctx, release)
		if want := digests[release]; err == nil && want != "" && k.Digest != want {
			err = &lab.ChangedError{Run: run.ID, What: []string{fmt.Sprintf("kernel %s from %s is another build (sha256 %.12s… before, %.12s… now)", release, k.Origin, want, k.Digest)}}
		}
		return k, err
	}
	// Of these the run has results: they must be the same before it goes on.
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

// howToGoOn tells, at the end of a run, by which command what is left of it is
// run. flags are those of this invocation.
func (a *app) howToGoOn(ctx context.Context, store *store.Store, run results.Run, cells []results.Cell) string {
	recipe, ended, err := lab.RecipeOf(ctx, store, run)
	if err != nil {
		return "" // the run is none that can be resumed
	}
	if ended && len(recipe.Remaining(cells)) == 0 {
		return ""
	}
	words := append([]string{"splicelab", "run", "--resume", run.ID}, a.keptFlags...)
	if ended {
		return "cells that have no verdict are tried again by: " + results.ShellCommand(words)
	}
	return fmt.Sprintf("%d of %d cells have been run; it goes on by: %s", len(cells), run.Planned, results.ShellCommand(words))
}

// keepFlags notes the flags of this invocation that the one which goes on needs
// again: where things are, and the reports.
func (a *app) keepFlags(flags *pflag.FlagSet) {
	ofPlan := a.asked(nil)
	flags.Visit(func(f *pflag.Flag) {
		if _, skip := ofPlan[f.Name]; !skip && f.Name != "resume" && f.Name != "refresh" {
			a.keptFlags = append(a.keptFlags, "--"+f.Name+"="+f.Value.String())
		}
	})
}
