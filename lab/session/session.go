package session

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/machine"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results/store"
)

// Session is what is needed to run plans: a working QEMU, a locked cache, and
// open stores.
type Session struct {
	Settings
	Results     *store.Store // nil if nothing is recorded
	KernelStore *kernels.Store
	Archive     *Archive

	closers []func()
}

// Open opens a session whose runs go into the store of results. refresh updates
// the archive's index.
func (s Settings) Open(ctx context.Context, refresh bool) (*Session, error) {
	return s.open(ctx, refresh, func() (*store.Store, func(), error) {
		r, err := s.OpenResults()
		return r, func() { _ = r.Close() }, err // each attempt was durable when it was added
	})
}

// OpenWith is Open with a store of results that the caller opened and closes.
func (s Settings) OpenWith(ctx context.Context, refresh bool, r *store.Store) (*Session, error) {
	return s.open(ctx, refresh, func() (*store.Store, func(), error) { return r, func() {}, nil })
}

// OpenScratch is Open with a store of results that is removed at the end.
func (s Settings) OpenScratch(ctx context.Context) (*Session, error) {
	return s.open(ctx, false, scratchResults)
}

// OpenGuest is Open for single programs, which record nothing.
func (s Settings) OpenGuest(ctx context.Context) (*Session, error) {
	return s.open(ctx, false, func() (*store.Store, func(), error) { return nil, func() {}, nil })
}

func (s Settings) open(ctx context.Context, refresh bool, openResults func() (*store.Store, func(), error)) (*Session, error) {
	release, err := s.UseVMs(ctx)
	if err != nil {
		return nil, err
	}
	o := &Session{Settings: s, closers: []func(){release}}
	r, closeResults, err := openResults()
	if err != nil {
		o.Close()
		return nil, err
	}
	o.Results, o.closers = r, append(o.closers, closeResults)
	if o.KernelStore, err = s.OpenKernels(); err != nil {
		o.Close()
		return nil, err
	}
	o.Archive = s.Archive(o.KernelStore, refresh)
	return o, nil
}

// Close closes what was opened, in reverse order.
func (s *Session) Close() {
	for _, c := range slices.Backward(s.closers) {
		c()
	}
	s.closers = nil
}

func scratchResults() (r *store.Store, remove func(), err error) {
	dir, err := os.MkdirTemp("", "splicelab-")
	if err != nil {
		return nil, nil, fmt.Errorf("a directory for temporary results: %w", err)
	}
	sweep := func() { _ = os.RemoveAll(dir) }
	if r, err = store.Open(filepath.Join(dir, "results.db")); err != nil {
		sweep()
		return nil, nil, err
	}
	return r, func() { _ = r.Close(); sweep() }, nil
}

// NewLab chooses the accelerator, prints which and why, and creates the lab.
// canary is the kernel that tests whether KVM works; configure sets what the
// options of a run do not.
func (s *Session) NewLab(ctx context.Context, canary kernels.Kernel, log io.Writer, configure ...func(*lab.Config)) (*lab.Lab, error) {
	cfg, err := s.LabConfig(ctx, canary)
	if err != nil {
		return nil, err
	}
	for _, set := range configure {
		set(&cfg)
	}
	l, err := lab.New(cfg, s.Results)
	if err != nil {
		return nil, err
	}
	if s.Results != nil {
		fmt.Fprintf(log, "%s; seed %d\n", s.using(cfg.Accel, canary), cfg.Seed)
	}
	return l, nil
}

// using is one line about what a run uses. The details are for splicelab doctor:
// they are the same before each run.
func (s *Session) using(accel vm.Accel, canary kernels.Kernel) string {
	line := "using " + strings.ToUpper(string(accel))
	var notes []string
	switch a, err := machine.ArchOf(&canary); {
	case err == nil && !a.Native():
		line += " to emulate " + a.Name
	case accel == vm.TCG && s.VM.Accel == string(vm.Auto):
		notes = append(notes, "KVM unusable")
	}
	if n := len(s.Archive.Warnings()); n > 0 {
		notes = append(notes, text.Count(n, "warning")+" about the kernel archive")
	}
	if len(notes) > 0 {
		line += " (" + strings.Join(notes, ", ") + ": splicelab doctor)"
	}
	return line
}

// LabConfig is the lab's configuration according to the options.
func (s Settings) LabConfig(ctx context.Context, canary kernels.Kernel) (lab.Config, error) {
	accel, err := s.accelerator(ctx, canary)
	if err != nil {
		return lab.Config{}, err
	}
	guest, err := s.GuestPrograms(ctx)
	if err != nil {
		return lab.Config{}, err
	}
	return lab.Config{
		QEMU:         s.VM.QEMUs(),
		Unconfined:   s.VM.Unconfined,
		MkfsPath:     s.MkfsPath,
		GuestDir:     guest,
		ForeignGuest: s.GuestProgramsFor,
		CacheDir:     s.Cache,
		Accel:        accel,
		Jobs:         s.Run.Jobs,
		MemoryMiB:    s.VM.Memory,
		CPUs:         s.VM.CPUs,
		Isolation:    plan.Isolation(s.Run.Isolation),

		NoTemplates:  s.VM.NoTemplates,
		TemplatesMiB: s.VM.TemplateRoom,

		Policy: outcome.Policy(s.Run.Policy),
		Seed:   s.RandomSeed(),
		Deadlines: job.Deadlines{
			Boot:    s.VM.BootTimeout,
			Silence: s.VM.SilenceTimeout,
			Cell:    s.VM.CellTimeout,
		},
		KernelArgs: strings.Fields(s.VM.KernelArgs),
		Command:    s.Command,
		Version:    s.Version,
	}, nil
}

// accelerator chooses what runs guests of the host's architecture. A canary of
// another cannot show whether KVM works, and is run only if there is none of the
// host's.
func (s Settings) accelerator(ctx context.Context, canary kernels.Kernel) (vm.Accel, error) {
	want := vm.Accel(s.VM.Accel)
	a, err := machine.ArchOf(&canary)
	if err != nil {
		return "", err
	}
	if a.Native() {
		accel, _, err := vm.Choose(ctx, want, s.Canary(canary.BootImage()))
		return accel, err
	}
	if want == vm.KVM {
		return "", &vm.ForeignError{Arch: a.Name}
	}
	_, err = vm.Version(ctx, s.VM.QEMUs()[a.Name])
	return vm.TCG, err
}

// Canary configures the boot that tests whether an accelerator works.
func (s Settings) Canary(kernel string) vm.ChooseConfig {
	return vm.ChooseConfig{QEMU: s.VM.QEMU, Unconfined: s.VM.Unconfined, Kernel: kernel, CacheDir: s.Cache}
}
