package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/debian"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/vm"
)

// FetchJobs is how many kernels are fetched at once: enough to saturate the
// network while others are being unpacked.
const FetchJobs = 4

// Archive is the configured Debian archive as a source of kernels, besides files
// and builds. It is opened on first use: file: selectors must work on a machine
// with neither network nor apt.
type Archive struct {
	cfg   debian.Config
	store *kernels.Store
	log   *Log

	once   sync.Once
	opened *debian.Source // nil until it was opened
	err    error          // why it cannot be

	mu     sync.Mutex                 // held while an index is read
	listed []kernels.Entry            // what List returned
	ofArch map[string][]kernels.Entry // what ListArch returned
	builds *source.Named              // the kernels for build: selectors
}

// Archive is the archive with store as its cache. refresh updates the index
// first.
func (s Settings) Archive(store *kernels.Store, refresh bool) *Archive {
	a := &Archive{cfg: s.Kernels.Debian, store: store, log: s.Log}
	a.cfg.Refresh = a.cfg.Refresh || refresh
	b := a.Builder()
	b.OnStep = func(step source.Step) { s.Log.build.Show(StepText(step)) }
	a.builds = &source.Named{Builder: b, Builds: s.Kernels.Builds}
	return a
}

// Debian opens the archive itself.
func (a *Archive) Debian() (*debian.Source, error) {
	a.once.Do(func() { a.opened, a.err = debian.New(a.cfg, a.store) })
	return a.opened, a.err
}

// List implements kernels.Source. The index is read once per invocation, so that
// all its selectors see the same archive.
func (a *Archive) List(ctx context.Context) ([]kernels.Entry, error) {
	src, err := a.Debian()
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.listed == nil {
		a.listed, err = src.List(ctx)
	}
	return a.listed, err
}

// ListArch implements kernels.ArchSource. Each architecture's index is read once
// per invocation, and only if a selector needs it.
func (a *Archive) ListArch(ctx context.Context, arch string) ([]kernels.Entry, error) {
	src, err := a.Debian()
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if found, ok := a.ofArch[arch]; ok {
		return found, nil
	}
	found, err := src.ListArch(ctx, arch)
	if err != nil {
		return nil, err
	}
	if a.ofArch == nil {
		a.ofArch = map[string][]kernels.Entry{}
	}
	a.ofArch[arch] = found
	return found, nil
}

// Archs implements kernels.ArchSource.
func (a *Archive) Archs(ctx context.Context) ([]string, error) {
	src, err := a.Debian()
	if err != nil {
		return nil, err
	}
	return src.Archs(ctx)
}

// Fetch implements kernels.Source.
func (a *Archive) Fetch(ctx context.Context, e kernels.Entry, p kernels.Progress) (kernels.Kernel, error) {
	src, err := a.Debian()
	if err != nil {
		return kernels.Kernel{}, err
	}
	return src.Fetch(ctx, e, p)
}

// Store is the cache of the archive's kernels.
func (a *Archive) Store() *kernels.Store { return a.store }

// Resolve turns selectors into entries. The archive's warnings, such as that a
// suite is skipped, are printed only if that fails: they may say why. Otherwise
// they are for splicelab doctor.
func (a *Archive) Resolve(ctx context.Context, selectors string) ([]kernels.Entry, error) {
	entries, err := kernels.Resolve(ctx, []kernels.Source{kernels.Files{Store: a.store}, a.builds, a}, selectors)
	if err != nil {
		a.Warn()
	}
	return entries, err
}

// Warnings are the archive's warnings, if it was used.
func (a *Archive) Warnings() []string {
	if a.opened == nil {
		return nil
	}
	return a.opened.Warnings()
}

// Warn prints the archive's warnings.
func (a *Archive) Warn() { a.log.Warn(a.Warnings()...) }

// Builder builds kernels from source. The archive's kernels provide base
// configurations.
func (a *Archive) Builder() source.Builder {
	return source.Builder{Store: a.store, Config: func(ctx context.Context, selector string) (string, error) {
		found, err := a.Resolve(ctx, selector)
		if err != nil {
			return "", err
		}
		if len(found) != 1 {
			return "", input.Errorf("base kernel:%s names %d kernels: name one", selector, len(found))
		}
		ready, err := kernels.FetchAll(ctx, found, 1, nil)
		if err != nil {
			return "", err
		}
		_, err = ready[0].Options()
		return ready[0].Config, err
	}}
}

// StepText describes a build step.
func StepText(s source.Step) string {
	switch {
	case s.Total > s.Done:
		return fmt.Sprintf("%d of about %d: %s", s.Done, s.Total, s.What)
	case s.Done > 0:
		return fmt.Sprintf("%d: %s", s.Done, s.What)
	}
	return s.What
}

// ResolveRun resolves the selectors of a run. The default matrix has series that
// an archive may have dropped or not have yet: those are omitted with a warning,
// as long as something remains.
func (a *Archive) ResolveRun(ctx context.Context, selectors string) ([]kernels.Entry, error) {
	entries, err := a.Resolve(ctx, selectors)
	var none *kernels.SelectorError
	if selectors != config.DefaultKernels || !errors.As(err, &none) {
		return entries, err
	}
	var kept []string
	for selector := range strings.SplitSeq(config.DefaultKernels, ",") {
		if _, err := a.Resolve(ctx, selector); err != nil {
			a.log.Warn(fmt.Sprintf("kernel %s of the default matrix is omitted: %s", selector, err))
			continue
		}
		kept = append(kept, selector)
	}
	if len(kept) == 0 {
		return nil, err
	}
	return a.Resolve(ctx, strings.Join(kept, ","))
}

// Unfetched is the plan's view of kernels that are yet to be fetched.
func Unfetched(entries []kernels.Entry) []plan.Kernel {
	out := make([]plan.Kernel, len(entries))
	for i, e := range entries {
		out[i] = plan.KernelOfEntry(e)
	}
	return out
}

// Fetcher waits until the kernel of a release is ready to boot.
type Fetcher = func(ctx context.Context, release string) (kernels.Kernel, error)

// firstOf waits for the first kernel that can be fetched; if there is none, the
// error joins those of all.
func firstOf(ctx context.Context, entries []kernels.Entry, fetch Fetcher) (kernels.Kernel, error) {
	// One of the host's architecture, if there is one, shows whether KVM works.
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b kernels.Entry) int { return cmp.Compare(foreign(a), foreign(b)) })
	var failed []error
	for _, e := range entries {
		k, err := fetch(ctx, e.Release)
		if err == nil {
			return k, nil
		}
		failed = append(failed, err)
	}
	return kernels.Kernel{}, errors.Join(failed...)
}

// foreign is 0 for kernels of the host's architecture, 1 for others.
func foreign(e kernels.Entry) int {
	if cmp.Or(e.Arch, kernels.AMD64) == arch.Default().Name {
		return 0
	}
	return 1
}

// refuseForeign refuses kernels of another architecture that this host cannot run:
// with KVM, or without an emulator. It is called before any kernel is fetched.
func (s Settings) refuseForeign(ctx context.Context, entries []kernels.Entry) error {
	checked := map[string]bool{}
	for _, e := range entries {
		name := cmp.Or(e.Arch, kernels.AMD64)
		if foreign(e) == 0 || checked[name] {
			continue
		}
		checked[name] = true
		if s.VM.Accel == string(vm.KVM) {
			return &vm.ForeignError{Arch: name}
		}
		if _, err := vm.Version(ctx, s.VM.QEMUs()[name]); err != nil {
			return err
		}
	}
	return nil
}
