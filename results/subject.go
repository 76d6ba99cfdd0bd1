package results

import (
	"context"
	"slices"
	"strings"
)

// KernelPrefix marks the name of a kernel where a run could be named too:
// "kernel:6.12.95", or "RUN/kernel:6.12.95".
const KernelPrefix = "kernel:"

// Subject is what can be compared: a run, or what a run has of one kernel.
type Subject struct {
	Run    Run
	Kernel string // release; empty: the whole run
}

// Subject returns what ref names: a run, as Run has it; or "kernel:RELEASE",
// the kernel of that release in the newest run that has one, or in the run
// that stands before it, as in "latest~1/kernel:6.12.95". A release may be cut
// short where one of its numbers ends, and is then the newest of those: 6.12
// is the newest of the series. The error is a *RunError when there is none.
func (s *Store) Subject(ctx context.Context, ref string) (Subject, error) {
	in, name, ok := strings.Cut(ref, KernelPrefix)
	if !ok || in != "" && !strings.HasSuffix(in, "/") {
		r, err := s.Run(ctx, ref)
		return Subject{Run: r}, err
	}
	var runs []Run
	if in = strings.TrimSuffix(in, "/"); in != "" {
		r, err := s.Run(ctx, in)
		if err != nil {
			return Subject{}, err
		}
		runs = []Run{r}
	} else {
		var err error
		if runs, err = s.runsUpTo(ctx, nil); err != nil {
			return Subject{}, err
		}
	}
	var known []string
	for _, r := range runs {
		kernels, err := s.Kernels(ctx, r.ID)
		if err != nil {
			return Subject{}, err
		}
		for _, k := range slices.Backward(kernels) {
			if OfRelease(k, name) {
				return Subject{r, k}, nil
			}
		}
		for _, k := range kernels {
			if !slices.Contains(known, k) {
				known = append(known, k)
			}
		}
	}
	slices.SortFunc(known, compareReleases)
	return Subject{}, &KernelError{Ref: ref, Run: in, Known: known}
}

// KernelError says that a reference names no kernel that a run has cells of.
type KernelError struct {
	Ref, Run string   // Run is empty where all were looked at
	Known    []string // the kernels that there are
}

// Error names the kernels that there are.
func (e *KernelError) Error() string {
	where := "no stored run has"
	if e.Run != "" {
		where = "run " + e.Run + " does not have"
	}
	if len(e.Known) == 0 {
		return where + " the kernel of " + e.Ref + ": there are no cells yet"
	}
	return where + " the kernel of " + e.Ref + ": use one of " + strings.Join(e.Known, ", ")
}
