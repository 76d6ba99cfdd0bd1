// Package repro reproduces report files, and packs a reproduced report as a
// self-contained bundle. It must not know flags or verbs.
package repro

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/report"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// buildName is the name of the kernel built from a report's source.
const buildName = "report"

// Settings restricts s to the only cell of a report.
func Settings(s session.Settings, r report.Report) session.Settings {
	s.Run.Kernels, s.Run.Filesystems = r.Kernel, r.Filesystem
	if r.Source != nil {
		builds := s.Kernels.Builds
		s.Kernels.Builds = append(builds[:len(builds):len(builds)], r.Source.Build(buildName))
		s.Run.Kernels = source.Prefix + buildName
	}
	s.Run.Tests = "^" + regexp.QuoteMeta(r.Test) + "$"
	s.Run.Priority = config.LowestPriority
	s.Run.Policy = string(r.Policy)
	s.Run.Isolation = string(plan.IsolationCell)
	if r.Memory != 0 {
		s.VM.Memory = r.Memory
	}
	if r.CPUs != 0 {
		s.VM.CPUs = r.CPUs
	}
	if r.KernelArgs != "" {
		s.VM.KernelArgs += " " + r.KernelArgs
	}
	return s
}

// profile is p with the report's own mkfs and mount options, and another name,
// so that its cells are not confused with those of p.
func profile(p images.Profile, r report.Report) (images.Profile, error) {
	if len(r.Mkfs) == 0 && r.MountOptions == "" {
		return p, nil
	}
	p.Name += "-report"
	if len(r.Mkfs) > 0 {
		p.Mkfs = r.Mkfs
	}
	if r.MountOptions != "" {
		p.Options = r.MountOptions
	}
	if err := p.Validate(); err != nil {
		return p, input.Errorf("report: %s", err)
	}
	return p, nil
}

// Tries are the attempts at a report. Those that the lab failed, or that were
// skipped, do not count.
type Tries struct {
	Run        string // its id
	Met, Tried int    // attempts with the expected result, and all attempts

	report  report.Report
	session *session.Session
	tests   session.Selection
	lab     *lab.Lab
	plan    plan.Plan
	ready   lab.Ready
	text    string // as printed
	untried string // why the last attempt that was none was none
}

// UntriedError reports that no attempt got as far as the test: it says nothing
// about the report.
type UntriedError struct {
	Why string
	Err error // the lab's own fault, if it was one
}

func (e *UntriedError) Error() string { return "could not try: " + e.Why }

func (e *UntriedError) Unwrap() error { return e.Err }

// Close releases what is kept open for a bundle.
func (t *Tries) Close() {
	t.session.Close()
	t.tests.Close()
}

// Run reproduces a report, each time in a fresh VM, and prints each attempt.
// All are attempts of one stored run.
func Run(ctx context.Context, settings session.Settings, r report.Report, a session.Audience, out io.Writer) (*Tries, error) {
	settings = Settings(settings, r)
	tests, err := settings.Select(ctx, r.TestsFrom)
	if err != nil {
		return nil, err
	}
	if tests.Profiles[0], err = profile(tests.Profiles[0], r); err != nil {
		tests.Close()
		return nil, err
	}
	s, err := settings.Open(ctx, false)
	if err != nil {
		tests.Close()
		return nil, err
	}
	t := &Tries{report: r, session: s, tests: tests}
	if err := t.run(ctx, a, out); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

func (t *Tries) run(ctx context.Context, a session.Audience, out io.Writer) error {
	s, r := t.session, t.report
	found, err := s.FetchRun(ctx, a)
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return input.Errorf("the report's kernel %q names %d kernels: name one", s.Run.Kernels, len(found))
	}
	t.ready = lab.Ready(found)
	if t.plan, err = plan.New(t.ready.Plan(), t.tests.Profiles, t.tests.Suites, t.tests.Pattern); err != nil {
		return err
	}
	t.plan.Repeat = r.Repetitions
	if t.lab, err = s.NewLab(ctx, found[0], a, t.tests.Configure(results.OriginRepro)); err != nil {
		return err
	}
	if r.Title != "" {
		fmt.Fprintln(out, sanitize.Line(r.Title))
	}
	key := results.CellKey{Kernel: found[0].Release, FS: t.tests.Profiles[0].Name, Test: r.Test}
	fmt.Fprintf(out, "%s on %s, %s: expecting %s\n", sanitize.Line(r.Test), key.Kernel, key.FS, r.Expect)
	run, err := t.lab.Run(ctx, t.plan, t.ready, a)
	if run.ID == "" {
		return err
	}
	t.Run = run.ID
	// Print the attempts even if the run failed.
	var text strings.Builder
	terr := t.write(context.WithoutCancel(ctx), io.MultiWriter(out, &text), s.Results, key)
	t.text = text.String()
	if t.Tried == 0 && ctx.Err() == nil && terr == nil && t.untried != "" {
		return &UntriedError{Why: sanitize.Line(t.untried), Err: err}
	}
	return errors.Join(err, terr)
}

// write prints and counts the attempts.
func (t *Tries) write(ctx context.Context, w io.Writer, s *store.Store, key results.CellKey) error {
	all, err := s.Attempts(ctx, t.Run, key)
	if err != nil {
		return err
	}
	for _, at := range all {
		if at.Verdict == outcome.Infra || at.Verdict == outcome.Skip && t.report.Expect.Verdict != outcome.Skip {
			t.untried = fmt.Sprintf("%s: %s", at.Verdict, at.Detail)
			continue
		}
		t.Tried++
		met := t.report.Expect.Met(at.Verdict, at.Outcome)
		if met {
			t.Met++
		}
		fmt.Fprintf(w, "%d/%d  %s  %s  %s\n", t.Tried, t.report.Repetitions, map[bool]string{true: "yes", false: "no "}[met],
			report.Expect{Verdict: at.Verdict, Outcome: at.Outcome}, sanitize.Line(at.Detail))
	}
	return nil
}
