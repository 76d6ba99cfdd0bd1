package session

import (
	"cmp"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/nightly"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/changes"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/expect"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/notify"
	"github.com/splicelab/splicelab/results/store"
)

// Nightly executes nightly runs. It implements nightly.Runner.
type Nightly struct {
	Settings
	tests      Selection
	unselected error // why there are no tests; a fault of the lab
	audience   Audience
	expected   *expect.Expectations // by which runs were judged when they were read
}

// NewNightly applies the nightly options over those of a run, and selects its
// tests. Invalid options are an error; a fault of the lab is left for the nightly
// run to report. audience observes the run.
func NewNightly(ctx context.Context, s Settings, audience Audience) (*Nightly, error) {
	c := s.Nightly
	s.Run.Kernels = cmp.Or(c.Kernels, s.Run.Kernels)
	s.Run.Filesystems = cmp.Or(c.Filesystems, s.Run.Filesystems)
	s.Run.Tests = cmp.Or(c.Tests, s.Run.Tests)
	s.Run.All = c.All || s.Run.All
	n := &Nightly{Settings: s, audience: audience}
	n.tests, n.unselected = s.SelectForRun(ctx, nil)
	var wrong interface{ BadInput() }
	if errors.As(n.unselected, &wrong) {
		return nil, n.unselected
	}
	return n, nil
}

// Execute executes a nightly run, from its lock to its notification. explain adds
// the remedy to an error's message.
func (n *Nightly) Execute(ctx context.Context, senders []notify.Sender, host string, explain func(error) string) (nightly.Outcome, error) {
	if n.unselected == nil {
		defer n.tests.Close()
	}
	c := n.Settings.Nightly
	dir, err := filepath.Abs(cmp.Or(c.Reports, filepath.Join(n.State, "reports")))
	if err != nil {
		return nightly.Outcome{}, err
	}
	return nightly.Run(ctx, nightly.Config{
		State: n.State, Store: n.ResultsFile(), Reports: dir, ReportURL: c.ReportURL, Formats: c.Formats, Baseline: c.Baseline,
		KeepDays: c.KeepDays, MinFree: int64(c.MinFree) << 20, Deadline: c.Deadline,
		Places: []nightly.Place{{Name: "cache", Dir: n.Cache}, {Name: "state", Dir: n.State}, {Name: "reports", Dir: dir}},
		Always: c.Notify.Always, Senders: senders, Host: host, Explain: explain,
	}, n)
}

// Run implements nightly.Runner.
func (n *Nightly) Run(ctx context.Context, r *store.Store, begun func(string)) (nightly.Performance, error) {
	var done nightly.Performance
	if n.unselected != nil {
		return done, n.unselected
	}
	s, err := n.OpenWith(ctx, true, r)
	if err != nil {
		return done, err
	}
	defer s.Close()
	entries, unresolved := s.Archive.resolveEach(ctx, s.Run.Kernels)
	done.Notes, done.Missing = s.Archive.Warnings(), unresolved
	if err := context.Cause(ctx); err != nil {
		return done, err
	}
	if len(entries) == 0 {
		return done, errNoKernel
	}
	ran, err := s.RunOn(ctx, n.tests, entries, begin{n.audience, begun}, s.Resumable(nil), n.tests.Configure(results.OriginNightly))
	if cause := context.Cause(ctx); cause != nil && ran.Run.ID == "" {
		err = cause // more specific than the resulting error
	}
	unfetched, err := ran.Missing(err)
	done.Missing = append(done.Missing, unfetched...)
	done.Run, done.Planned, done.Sound = ran.Run.ID, ran.Plan.Keys(), err == nil && len(unfetched) == 0
	if done.Run == "" {
		return done, cmp.Or(err, errNoKernel)
	}
	// The run itself records what it lacks.
	for _, m := range unresolved {
		err = errors.Join(err, r.SetCondition(context.WithoutCancel(ctx), done.Run, "missing "+sanitize.Line(m.Kernel), sanitize.Line(m.Reason)))
	}
	return done, err
}

var errNoKernel = errors.New("no kernel could be fetched")

// begin is an audience that reports the run's id when it is known.
type begin struct {
	Audience
	begun func(run string)
}

// Event implements lab.Observer.
func (b begin) Event(e sched.Event) {
	if e.Kind == sched.Planned {
		b.begun(e.Run)
	}
	b.Audience.Event(e)
}

// Read implements nightly.Runner.
func (n *Nightly) Read(ctx context.Context, r *store.Store, ref string) (results.Run, []results.Cell, error) {
	s, err := n.ReadJudged(ctx, r, ref, "")
	n.expected = s.Expected
	return s.Run, s.Cells, err
}

// Assess implements nightly.Runner.
func (n *Nightly) Assess(ctx context.Context, r *store.Store, before, after results.Run, d *compare.Difference) error {
	return n.Settings.Assess(ctx, r, before, after.Policy, history.Depth, d)
}

// Render implements nightly.Runner.
func (n *Nightly) Render(ctx context.Context, w io.Writer, format string, r *store.Store, run results.Run, cells []results.Cell) error {
	return export.Renderer{Origin: n.Settings.Run.KCIDBOrigin, Suites: n.GuestSuites, Expected: n.expected}.Render(ctx, w, format, r, run, cells)
}

// Prune implements nightly.Runner.
func (n *Nightly) Prune(ctx context.Context, before time.Time, short bool) ([]string, error) {
	return n.PruneCache(ctx, before, short)
}

// resolveEach resolves selectors one by one, so that one without kernels does not
// affect the others. list has what cannot be resolved.
func (a *Archive) resolveEach(ctx context.Context, selectors string) (entries []kernels.Entry, list []changes.Missing) {
	var kept []string
	var down error // why the archive has no index
	for selector := range strings.SplitSeq(selectors, ",") {
		selector = strings.TrimSpace(selector)
		named := strings.Contains(selector, ":") && !strings.HasPrefix(selector, "newest:")
		err := down
		if err == nil || named {
			_, err = a.Resolve(ctx, selector)
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
	// Together, so that a kernel that two of them select is there once.
	entries, err := a.Resolve(ctx, strings.Join(kept, ","))
	if err != nil {
		for _, selector := range kept {
			list = append(list, changes.Missing{Kernel: selector, Reason: err.Error()})
		}
	}
	return entries, list
}
