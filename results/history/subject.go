package history

import (
	"context"
	"fmt"
	"slices"
	"strings"

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

	kernel results.Kernel
	named  bool // the reference names the flavour, or the whole release
}

// FindSubject resolves ref: a run, as Store.Run does; "kernel:RELEASE", the
// newest results of that kernel in all runs; or the kernel in the named run, as in
// "latest~1/kernel:6.12.95". A release may be shortened where a number ends: 6.12
// is the newest kernel of the series. @FLAVOUR after it selects a flavour, as in
// "kernel:6.12@arm64-16k"; see results.OfFlavour. The error is a *results.RunError
// or a *results.KernelError if there is none.
func FindSubject(ctx context.Context, s Store, ref string) (Subject, error) {
	return findSubject(ctx, s, ref, nil)
}

// FindSubjects resolves the references of an earlier and a later subject. Kernels
// are of one flavour, unless both references name theirs. The error may be a
// *FlavourError, too.
func FindSubjects(ctx context.Context, s Store, before, after string) (old, newer Subject, err error) {
	if old, err = FindSubject(ctx, s, before); err != nil {
		return old, newer, err
	}
	var of *results.Kernel
	if old.Kernel != "" {
		of = &old.kernel
	}
	if newer, err = findSubject(ctx, s, after, of); err != nil {
		return old, newer, err
	}
	if of == nil || newer.Kernel == "" {
		return old, newer, nil
	}
	if !old.named && !alike(old.kernel, newer.kernel) {
		if old, err = findSubject(ctx, s, before, &newer.kernel); err != nil {
			return old, newer, err
		}
	}
	if !(old.named && newer.named) && !alike(old.kernel, newer.kernel) {
		return old, newer, &FlavourError{before, after, old.kernel, newer.kernel}
	}
	return old, newer, nil
}

// alike reports whether two kernels may be compared without having been asked
// for by flavour. The user's own builds are compared with Debian's of the same
// architecture and page size.
func alike(a, b results.Kernel) bool {
	if a.Flavour == "" || b.Flavour == "" {
		a.Flavour, b.Flavour = "", ""
		a.Name, b.Name = "", ""
	}
	return a.SameFlavour(b)
}

// FlavourError reports two kernels of different flavours, at least one of which was
// named without its flavour.
type FlavourError struct {
	Before, After string // the references
	old, newer    results.Kernel
}

func (e *FlavourError) Error() string {
	return fmt.Sprintf("%s is %s (%s) and %s is %s (%s): a difference could come from the flavour instead of the version; to compare them, name both flavours, as in %s@%s",
		e.Before, e.old.Name, e.old.Tag(), e.After, e.newer.Name, e.newer.Tag(), strings.SplitN(e.After, "@", 2)[0], e.newer.Tag())
}

// BadInput marks an error that the user has to correct: the lab did not fail.
func (*FlavourError) BadInput() {}

// findSubject is FindSubject with a kernel whose flavour is preferred, unless that
// is nil.
func findSubject(ctx context.Context, s Store, ref string, like *results.Kernel) (Subject, error) {
	in, name, ok := strings.Cut(ref, KernelPrefix)
	if !ok || in != "" && !strings.HasSuffix(in, "/") {
		r, err := s.Run(ctx, ref)
		return Subject{Run: r}, err
	}
	var found Subject
	var kernels []results.Kernel
	var err error
	if in = strings.TrimSuffix(in, "/"); in == "" {
		kernels, err = s.NewestKernels(ctx)
	} else if found.Run, err = s.Run(ctx, in); err == nil {
		kernels, err = s.Kernels(ctx, found.Run.ID)
	}
	if err != nil {
		return Subject{}, err
	}
	all := matches(kernels, name, like)
	if len(all) == 0 {
		return Subject{}, &results.KernelError{Ref: ref, Run: in, Known: results.ReleaseNames(kernels)}
	}
	found.kernel, found.Kernel = all[0], all[0].Name
	_, flavour := results.CutFlavour(name)
	found.named = flavour != "" || name == found.Kernel
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

// matches returns the kernel of that name, else those of one flavour that the name
// matches (see kernelversion.Release.Is), newest first. That flavour is the one
// that the name gives, else that of like, unless that is nil, else see
// results.OfFlavour.
func matches(kernels []results.Kernel, name string, like *results.Kernel) []results.Kernel {
	bare, flavour := results.CutFlavour(name)
	var all []results.Kernel
	for _, k := range kernels {
		if k.Name == name {
			return []results.Kernel{k}
		}
		if k.Is(bare) || bare == "" && flavour != "" {
			all = append(all, k)
		}
	}
	if like != nil && flavour == "" {
		if some := slices.DeleteFunc(slices.Clone(all), func(k results.Kernel) bool { return !alike(k, *like) }); len(some) > 0 {
			all = some
		}
	}
	all = results.OfFlavour(all, flavour)
	slices.SortFunc(all, func(a, b results.Kernel) int { return b.Release.Compare(a.Release) })
	return all
}
