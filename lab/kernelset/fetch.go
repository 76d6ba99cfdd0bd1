package kernelset

import (
	"context"
	"fmt"
	"io"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/session"
)

// Fetch fetches the kernels that the selectors match into the cache, and lists
// those that are there, even with an error. log shows the progress; refresh
// updates the archive's index first.
func Fetch(ctx context.Context, s session.Settings, out, log io.Writer, selectors string, refresh bool) error {
	src, release, err := openArchive(s, refresh)
	if err != nil {
		return err
	}
	defer release()
	entries, err := src.Resolve(ctx, selectors)
	if err != nil {
		return err
	}
	p := progress.New(log)
	found, err := kernels.FetchAll(ctx, entries, session.FetchJobs, p)
	p.Close()
	for _, k := range found {
		fmt.Fprintf(out, "%s  %s  %s\n", sanitize.Line(k.Release), k.Digest, sanitize.Line(k.Origin))
	}
	return err
}

// Build builds a kernel from source into the cache, and prints its release. jobs
// is how many files are compiled at once; 0: as many as there are CPUs. log shows
// the progress.
func Build(ctx context.Context, s session.Settings, out, log io.Writer, build source.Build, jobs int) error {
	src, release, err := openArchive(s, false)
	if err != nil {
		return err
	}
	defer release()
	b := src.Builder()
	b.Jobs = jobs
	line := progress.NewLine(log)
	b.OnStep = func(s source.Step) { line.Show(session.StepText(s)) }
	p, err := b.Prepare(ctx, build)
	if err != nil {
		line.Clear()
		return err
	}
	defer p.Close()
	k, err := p.Fetch(ctx)
	line.Clear()
	if p.Warning != "" {
		s.Log.Warn(p.Warning)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s  %s  build:%s\n", sanitize.Line(k.Release), k.Digest, build.Name)
	return nil
}

// openArchive opens the archive to fetch from it. Until release is called, the
// cache is in use.
func openArchive(s session.Settings, refresh bool) (src *session.Archive, release func(), err error) {
	release, err = s.UseCache()
	if err != nil {
		return nil, nil, err
	}
	store, err := s.OpenKernels()
	if err != nil {
		release()
		return nil, nil, err
	}
	return s.Archive(store, refresh), release, nil
}
