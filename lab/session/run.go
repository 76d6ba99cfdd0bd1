package session

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/changes"
)

// Audience observes a run, and the downloads before it. Lines that are written to
// it are kept on the screen.
type Audience interface {
	kernels.Progress
	lab.Observer
	io.Writer
}

// Ran is a run, possibly incomplete.
type Ran struct {
	Plan plan.Plan
	Run  results.Run // without an id if it did not start

	entries []kernels.Entry
	fetch   Fetcher
	missing missing
}

// Missing returns the kernels that could not be fetched, and the run's error
// without theirs.
func (r *Ran) Missing(err error) ([]changes.Missing, error) { return r.missing.list(r.entries, err) }

// RunOn runs tests on kernels, which are fetched while others run. Only the first
// is needed at the start, to test the accelerator. configure sets what is not in
// the options of a run.
func (s *Session) RunOn(ctx context.Context, tests Selection, entries []kernels.Entry, a Audience, configure ...func(*lab.Config)) (*Ran, error) {
	r := &Ran{entries: entries}
	l, err := s.plan(ctx, r, tests, a, configure)
	if err != nil {
		return r, err
	}
	r.Run, err = l.Run(ctx, r.Plan, lab.Fetch(r.fetch), a)
	return r, err
}

// RunOrResume is RunOn, but it resumes the run of that id, if not empty.
func (s *Session) RunOrResume(ctx context.Context, id string, tests Selection, entries []kernels.Entry, a Audience, configure ...func(*lab.Config)) (results.Run, error) {
	r := &Ran{entries: entries}
	l, err := s.plan(ctx, r, tests, a, configure)
	if err != nil {
		return results.Run{}, err
	}
	if id != "" {
		return l.Resume(ctx, id, r.Plan, lab.Fetch(r.fetch), a)
	}
	return l.Run(ctx, r.Plan, lab.Fetch(r.fetch), a)
}

// plan creates the plan of a run and the lab for it.
func (s *Session) plan(ctx context.Context, r *Ran, tests Selection, a Audience, configure []func(*lab.Config)) (*lab.Lab, error) {
	if err := s.refuseForeign(ctx, r.entries); err != nil {
		return nil, err
	}
	r.fetch = r.missing.watch(kernels.Prefetch(ctx, r.entries, FetchJobs, a))
	canary, err := firstOf(ctx, r.entries, r.fetch)
	if err != nil {
		return nil, err
	}
	r.Plan, err = plan.New(Unfetched(r.entries), tests.Profiles, tests.Suites, tests.Pattern)
	if err != nil {
		return nil, err
	}
	r.Plan.RetryFailures = s.Run.RetryFailures
	return s.NewLab(ctx, canary, a, append([]func(*lab.Config){tests.Configure(results.OriginUser)}, configure...)...)
}

// Resumable stores a run's options with it, so that it can be resumed.
func (s Settings) Resumable(from []string) func(*lab.Config) {
	return func(c *lab.Config) { c.Requested = s.Requested(from) }
}

// Requested are the options that define a run, by name. They are stored with the
// run; one that is given again on resuming must not contradict them.
func (s Settings) Requested(from []string) map[string]string {
	r, v := s.Run, s.VM
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
		"cpus":            fmt.Sprint(v.CPUs),
		"boot-timeout":    v.BootTimeout.String(),
		"silence-timeout": v.SilenceTimeout.String(),
		"cell-timeout":    v.CellTimeout.String(),
		"kernel-args":     v.KernelArgs,
		"seed":            fmt.Sprint(r.Seed),
	}
}

// absolute makes file names absolute; import paths stay as they are.
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

// FetchRun resolves and fetches the kernels of a run. It returns those that could
// be fetched, and an error for those that could not.
func (s *Session) FetchRun(ctx context.Context, p kernels.Progress) ([]kernels.Kernel, error) {
	entries, err := s.Archive.ResolveRun(ctx, s.Run.Kernels)
	if err != nil {
		return nil, err
	}
	found, err := kernels.FetchAll(ctx, entries, FetchJobs, p)
	if err != nil && len(found) > 0 && ctx.Err() == nil {
		s.Log.Warn(fmt.Sprintf("%d of %d kernels are omitted, because they could not be fetched", len(entries)-len(found), len(entries)))
	}
	return found, err
}
