package history

import (
	"context"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/results"
)

// KernelPrefix marks a kernel where a run would be accepted too:
// "kernel:6.12.95", or "RUN/kernel:6.12.95".
const KernelPrefix = "kernel:"

// Subject is what can be compared: a run, or one kernel of a run.
type Subject struct {
	Run    results.Run
	Kernel string // release; empty: the whole run
}

// FindSubject resolves ref: a run, as Store.Run does; or "kernel:RELEASE", the kernel
// of that release in the newest run that has one, or in the named run as in
// "latest~1/kernel:6.12.95". A release may be shortened where a number ends: 6.12
// is the newest kernel of the series. The error is a *results.RunError or a
// *results.KernelError if there is none.
func FindSubject(ctx context.Context, s Store, ref string) (Subject, error) {
	in, name, ok := strings.Cut(ref, KernelPrefix)
	if !ok || in != "" && !strings.HasSuffix(in, "/") {
		r, err := s.Run(ctx, ref)
		return Subject{Run: r}, err
	}
	var runs []results.Run
	if in = strings.TrimSuffix(in, "/"); in != "" {
		r, err := s.Run(ctx, in)
		if err != nil {
			return Subject{}, err
		}
		runs = []results.Run{r}
	} else {
		var err error
		if runs, err = s.RunsUpTo(ctx, nil); err != nil {
			return Subject{}, err
		}
	}
	var known []kernelversion.Release
	for _, r := range runs {
		kernels, err := s.Kernels(ctx, r.ID)
		if err != nil {
			return Subject{}, err
		}
		for _, k := range slices.Backward(kernels) {
			if k.Is(name) {
				return Subject{r, k.Name}, nil
			}
		}
		for _, k := range kernels {
			if !slices.ContainsFunc(known, func(o kernelversion.Release) bool { return o.Name == k.Name }) {
				known = append(known, k)
			}
		}
	}
	slices.SortFunc(known, kernelversion.Release.Compare)
	return Subject{}, &results.KernelError{Ref: ref, Run: in, Known: results.ReleaseNames(known)}
}
