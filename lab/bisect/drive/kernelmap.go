package drive

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/store"
)

// Map tries cells on every kernel of a query, and shows where each row changes.
// Cells of a kernel and filesystem share a VM, because a map of ninety kernels
// only has to give an overview. The VM is restored, because maps are repeated
// with more kernels or other tests. q.Term is not used.
func Map(ctx context.Context, settings session.Settings, q PackageQuery, log io.Writer, show func(results.Run, history.KernelMap) error) error {
	settings.Run.Priority = config.LowestPriority
	settings.Run.Isolation, settings.Run.RetryFailures = string(plan.IsolationVM), 0
	tests, err := settings.Select(ctx, q.From)
	if err != nil {
		return err
	}
	defer tests.Close()
	s, err := settings.Open(ctx, false)
	if err != nil {
		return err
	}
	defer s.Close()
	line, err := packageLine(ctx, s.Archive, q)
	if err != nil {
		return err
	}
	if line[0].Version.Compare(line[len(line)-1].Version) > 0 {
		return input.Errorf("a map starts at the older kernel: swap the good and the bad end")
	}
	p := progress.New(log)
	defer p.Close()
	journal, err := openJournal(settings, "map", tests.Pattern, q.Query, map[string]string{"kernels": strings.Join(releases(line), " ")}, p)
	if err != nil {
		return err
	}
	defer func() { _ = journal.Close() }() // everything is on disk already

	o := &mapObserver{Progress: p, journal: journal}
	run, err := s.RunOrResume(ctx, journal.Run(), tests, line, o, tests.Configure(results.OriginBisect), func(c *lab.Config) { c.RestoreShared = true })
	p.Close()
	if run.ID == "" {
		return err
	}
	if err = errors.Join(err, o.err); ctx.Err() == nil {
		if ferr := journal.Finish(); ferr != nil {
			return errors.Join(err, ferr)
		}
	}
	// An unfinished map is shown, too.
	m, merr := kernelMap(context.WithoutCancel(ctx), s.Results, run.ID, line)
	if merr != nil {
		return errors.Join(err, merr)
	}
	return errors.Join(err, show(run, m))
}

// mapObserver stores the run's id, so that a killed map can be resumed.
type mapObserver struct {
	*progress.Progress
	journal *bisect.Journal
	err     error
}

// Event implements lab.Observer.
func (o *mapObserver) Event(e sched.Event) {
	if e.Kind == sched.Planned && o.journal.Run() == "" {
		o.journal.AddRun(e.Run)
		o.err = o.journal.Save()
	}
	o.Progress.Event(e)
}

// kernelMap is the map of a run's cells.
func kernelMap(ctx context.Context, r *store.Store, run string, line []kernels.Entry) (history.KernelMap, error) {
	cells, err := r.Cells(ctx, run)
	if err != nil {
		return history.KernelMap{}, err
	}
	var columns []history.MapKernel
	for _, e := range line {
		columns = append(columns, history.MapKernel{Release: e.Release, Series: e.Series()})
	}
	return history.NewKernelMap(columns, cells), nil
}
