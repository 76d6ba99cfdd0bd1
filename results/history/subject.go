package history

import (
	"context"
	"strings"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/results"
)

// KernelPrefix marks a kernel where a run would be accepted too:
// "kernel:6.12.95" in all runs, or "RUN/kernel:6.12.95".
const KernelPrefix = "kernel:"

// Subject is what can be compared: a run, one kernel of a run, or one kernel in
// all runs.
type Subject struct {
	Run    results.Run // of a kernel in all runs: the newest of Runs
	Kernel string      // release; empty: the whole run
	// Runs have the newest results of a kernel in all runs, newest first, and
	// Cells are these results. Else both are nil.
	Runs  []results.Run
	Cells []results.Cell
}

// FindSubject resolves ref: a run, as Store.Run does; "kernel:RELEASE", the
// newest results of that kernel in all runs; or the kernel in the named run, as in
// "latest~1/kernel:6.12.95". A release may be shortened where a number ends: 6.12
// is the newest kernel of the series. The error is a *results.RunError or a
// *results.KernelError if there is none.
func FindSubject(ctx context.Context, s Store, ref string) (Subject, error) {
	in, name, ok := strings.Cut(ref, KernelPrefix)
	if !ok || in != "" && !strings.HasSuffix(in, "/") {
		r, err := s.Run(ctx, ref)
		return Subject{Run: r}, err
	}
	var found Subject
	var kernels []kernelversion.Release
	var err error
	if in = strings.TrimSuffix(in, "/"); in == "" {
		kernels, err = s.NewestKernels(ctx)
	} else if found.Run, err = s.Run(ctx, in); err == nil {
		kernels, err = s.Kernels(ctx, found.Run.ID)
	}
	if err != nil {
		return Subject{}, err
	}
	if found.Kernel = match(kernels, name); found.Kernel == "" {
		return Subject{}, &results.KernelError{Ref: ref, Run: in, Known: results.ReleaseNames(kernels)}
	}
	if in == "" {
		if found.Cells, found.Runs, err = s.NewestOf(ctx, found.Kernel); err != nil {
			return Subject{}, err
		}
		if len(found.Runs) == 0 { // removed in the meantime
			return Subject{}, &results.KernelError{Ref: ref}
		}
		found.Run = found.Runs[0]
	}
	return found, nil
}

// match is the kernel of that name, else the newest one that the name matches
// (see kernelversion.Release.Is); empty if there is none. kernels are sorted.
func match(kernels []kernelversion.Release, name string) string {
	newest := ""
	for _, k := range kernels {
		if k.Name == name {
			return name
		}
		if k.Is(name) {
			newest = k.Name
		}
	}
	return newest
}
