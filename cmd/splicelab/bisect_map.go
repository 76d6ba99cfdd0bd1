package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/internal/config"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/format"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/store"
	"github.com/splicelab/splicelab/results/terminal"
)

// kernelMap runs cells on every kernel of the archive, or of a list, and shows
// where each row changes. Cells of a kernel and filesystem share a VM: what is
// wanted of ninety kernels is an overview. It is restored, because a map is
// drawn again when there are more kernels or other tests.
func (a *app) kernelMap(ctx context.Context, s search, list, series, html string) error {
	a.cfg.Run.Priority = config.LowestPriority
	a.cfg.Run.Isolation = string(plan.IsolationVM)
	tests, err := a.selectTests(ctx, s.from)
	if err != nil {
		return err
	}
	defer tests.release()
	if html != "" {
		if err := (reportFile{format: "html", path: html}).writable(); err != nil {
			return usagef("--html: %s; name a file in a directory that can be written", err)
		}
	}
	release, err := a.useVMs(ctx)
	if err != nil {
		return err
	}
	defer release()
	store, err := a.resultStore()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // each attempt was durable when it was added
	kstore, err := a.kernelStore()
	if err != nil {
		return err
	}
	line, err := a.packageLine(ctx, a.archive(kstore, false), s, list, series)
	if err != nil {
		return err
	}
	if line[0].Version.Compare(line[len(line)-1].Version) > 0 {
		return usagef("a map goes from the older kernel to the newer one: swap --good and --bad")
	}
	journal, err := a.journal("map", s, tests, map[string]string{"kernels": strings.Join(releases(line), " ")})
	if err != nil {
		return err
	}
	defer func() { _ = journal.Close() }() // nothing is written by it

	p := newProgress(a.stderr)
	defer p.Close()
	fetch := kernels.FetchAhead(ctx, line, fetchJobs, p)
	canary, err := firstOf(ctx, line, fetch)
	if err != nil {
		return err
	}
	cells, err := plan.New(unfetched(line), tests.profiles, tests.suites, tests.pattern)
	if err != nil {
		return err
	}
	l, err := a.newLab(ctx, canary, store, p, func(c *lab.Config) { c.User, c.RestoreShared = tests.own, true })
	if err != nil {
		return err
	}
	o := &mapObserver{progress: p, journal: journal}
	var run results.Run
	if id := journal.Run(); id != "" {
		run, err = l.Resume(ctx, id, cells, lab.Fetch(fetch), o)
	} else {
		run, err = l.Run(ctx, cells, lab.Fetch(fetch), o)
	}
	p.Close()
	if run.ID == "" {
		return err
	}
	if err = errors.Join(err, o.err); ctx.Err() == nil {
		if ferr := journal.Finish(); ferr != nil {
			return errors.Join(err, ferr)
		}
	}
	return errors.Join(err, a.showMap(context.WithoutCancel(ctx), store, run, line, html))
}

// mapObserver keeps the run's name, so that a map that is killed goes on.
type mapObserver struct {
	*progress
	journal *bisect.Journal
	err     error
}

// Event implements lab.Observer.
func (o *mapObserver) Event(e sched.Event) {
	if e.Kind == sched.Planned && o.journal.Run() == "" {
		o.journal.AddRun(e.Run)
		o.err = o.journal.Save()
	}
	o.progress.Event(e)
}

// showMap draws what there is of a map, which may not be finished.
func (a *app) showMap(ctx context.Context, store *store.Store, run results.Run, line []kernels.Entry, html string) error {
	cells, err := store.Cells(ctx, run.ID)
	if err != nil {
		return err
	}
	var columns []history.MapKernel
	for _, e := range line {
		columns = append(columns, history.MapKernel{Release: e.Release, Series: e.Series()})
	}
	m := history.NewKernelMap(columns, cells)
	if err := terminal.WriteKernelMap(a.stdout, m, a.matrixOptions(a.stdout)); err != nil {
		return err
	}
	if html != "" {
		var page bytes.Buffer
		if err := format.WriteKernelMapHTML(&page, m, fmt.Sprintf("Kernel map, %s to %s", line[0].Release, line[len(line)-1].Release)); err != nil {
			return err
		}
		if err := (reportFile{format: "html", path: html}).replace(page.Bytes()); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "\nhtml  report: %s\n", html)
	}
	fmt.Fprintf(a.stdout, "stored as run %s\n", run.ID)
	return nil
}
