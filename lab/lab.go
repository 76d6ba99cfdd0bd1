// Package lab runs plans and records the results. It connects the packages below
// it: plan (which cells), sched (what runs next), job (the interface between
// scheduling and execution), exec (a job in a VM), machine (the VM), verdict
// (evidence → verdict), suite (the tests), program (a single program in a VM).
//
// The path of a cell: lab.Run stores the run → sched.Run hands out jobs →
// exec.Run starts a VM and watches the cell → verdict.Decide → sched.record →
// lab stores the attempt.
package lab

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/machine"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/lab/template"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// Config configures a lab. Zero values mean the stated defaults.
type Config struct {
	// QEMU is the binary that runs guests, by architecture; default: found on
	// PATH.
	QEMU map[string]string
	// Unconfined runs QEMU with all of the lab's rights.
	Unconfined bool
	// GuestDir contains the guest programs: agent, *.test, bb.
	GuestDir string
	// ForeignGuest returns the directory of another architecture's; nil for the
	// directory of its name in GuestDir.
	ForeignGuest func(context.Context, arch.Arch) (string, error)
	// MkfsPath lists the directories searched for mkfs programs; default: those of
	// images.Tools.
	MkfsPath []string
	// CacheDir contains images and disks; it must be set.
	CacheDir string
	// Accel is the accelerator, as vm.Choose found it. Guests of another
	// architecture than the host's are emulated in any case.
	Accel vm.Accel
	// Jobs is how many VMs run at once; default from cores and memory.
	Jobs int
	// MemoryMiB is a VM's memory; default 512.
	MemoryMiB int
	// CPUs is a VM's number of processors; default 1.
	CPUs int
	// Isolation defaults to plan.IsolationCell.
	Isolation plan.Isolation
	// Policy defaults to outcome.DefaultPolicy.
	Policy outcome.Policy
	// Seed feeds every pseudo-random choice of a run.
	Seed uint64
	// Deadlines defaults, field by field, to job.DefaultDeadlines.
	Deadlines job.Deadlines
	// KernelArgs are added to the kernel's command line.
	KernelArgs []string
	// NoTemplates boots every VM instead of restoring it. Under
	// plan.IsolationVM VMs are always booted unless RestoreShared is set.
	NoTemplates bool
	// RestoreShared also restores the VMs that cells share under
	// plan.IsolationVM. That pays if a few cells of many kernels are run
	// repeatedly: each kernel and filesystem costs a template on disk.
	RestoreShared bool
	// TemplatesMiB is how much of the cache unused templates may take; default
	// 16384.
	TemplatesMiB int
	// User are the user suites, besides those in GuestDir.
	User []suite.User
	// Faults injects into each cell the fault that its test declares, to show
	// that it can fail. The results of such a run say nothing about a kernel,
	// so they must not go into the user's store; control cells do not count.
	Faults bool
	// Requested are the options that the user set, by name. If it is not nil,
	// runs are stored with their Recipe.
	Requested map[string]string
	// Origin is what began the run; default: results.OriginUser.
	Origin results.Origin
	// Tests are the selected tests in words, for the record.
	Tests string
	// Command is the command line of the run, for the record.
	Command []string
	// Version is the lab's own version, for the record.
	Version string
}

const (
	defaultMemoryMiB    = 512
	defaultTemplatesMiB = 16 << 10
	// overheadMiB is what a QEMU process takes besides the guest's memory: its
	// code, and under TCG the translation buffer.
	overheadMiB  = 256
	minMemoryMiB = 128
)

// Lab runs plans in VMs.
type Lab struct {
	cfg   Config
	store *store.Store
	// host is what the lab's VMs have in common.
	host   machine.Host
	suites suite.Set
}

// New checks cfg, fills in the defaults, and creates the lab's directories. store
// may be nil if no plans are run.
func New(cfg Config, store *store.Store) (*Lab, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	guest := suite.Guest{Dir: cfg.GuestDir, Foreign: cfg.ForeignGuest}
	if _, err := guest.Agent(context.Background(), arch.Default()); err != nil {
		return nil, err
	}
	l := &Lab{cfg: cfg, store: store, suites: suite.Set{Guest: guest, User: cfg.User}}
	l.host = machine.Host{
		QEMU: cfg.qemu, Unconfined: cfg.Unconfined, Accel: cfg.Accel, MemoryMiB: cfg.MemoryMiB, CPUs: cfg.CPUs, KernelArgs: cfg.KernelArgs,
		Guest: guest, TempDir: filepath.Join(cfg.CacheDir, "tmp"), Images: images.Builder{Dir: filepath.Join(cfg.CacheDir, "images"), Tools: cfg.MkfsPath},
		BootTimeout: cfg.Deadlines.Boot, ParkTimeout: cfg.Deadlines.Cell,
	}
	// In the cache, so that nothing is written elsewhere and the disk has
	// space.
	if err := os.MkdirAll(l.host.TempDir, 0o755); err != nil {
		return nil, &CacheError{Dir: cfg.CacheDir, Err: err}
	}
	// A VM that many cells share is worth a boot.
	if !cfg.NoTemplates && (cfg.Isolation == plan.IsolationCell || cfg.RestoreShared) {
		var err error
		if l.host.Templates, err = template.Open(filepath.Join(cfg.CacheDir, "templates"), int64(cfg.TemplatesMiB)<<20); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// complete fills in the defaults, and rejects invalid values.
func (c *Config) complete() error {
	if c.CacheDir == "" {
		return &CacheError{Err: os.ErrNotExist}
	}
	switch c.Isolation {
	case "":
		c.Isolation = plan.IsolationCell
	case plan.IsolationVM, plan.IsolationCell:
	default:
		return fmt.Errorf("unknown isolation %q: use %s or %s", c.Isolation, plan.IsolationCell, plan.IsolationVM)
	}
	setDefault(&c.Policy, outcome.DefaultPolicy)
	setDefault(&c.Origin, results.OriginUser)
	setDefault(&c.MemoryMiB, defaultMemoryMiB)
	setDefault(&c.TemplatesMiB, defaultTemplatesMiB)
	setDefault(&c.CPUs, 1)
	setDefault(&c.Jobs, DefaultJobs(c.MemoryMiB, c.CPUs))
	setDefault(&c.Deadlines.Boot, job.DefaultDeadlines.Boot)
	setDefault(&c.Deadlines.Silence, job.DefaultDeadlines.Silence)
	setDefault(&c.Deadlines.Cell, job.DefaultDeadlines.Cell)
	if c.MemoryMiB < minMemoryMiB || c.CPUs < 1 || c.Jobs < 1 {
		return fmt.Errorf("memory %d MiB, %d cpus, %d jobs: a VM needs at least %d MiB and one cpu, a run one job",
			c.MemoryMiB, c.CPUs, c.Jobs, minMemoryMiB)
	}
	return nil
}

func setDefault[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// CacheError reports a cache directory that cannot be used.
type CacheError struct {
	Dir string // empty: none was given
	Err error
}

func (e *CacheError) Error() string {
	if e.Dir == "" {
		return "no cache directory"
	}
	return fmt.Sprintf("cache directory %s cannot be used: %v", e.Dir, e.Err)
}

func (e *CacheError) Unwrap() error { return e.Err }

// qemu is the binary that runs guests of an architecture.
func (c *Config) qemu(a arch.Arch) string { return cmp.Or(c.QEMU[a.Name], a.QEMU.Binary) }

// Host is what the lab's VMs have in common.
func (l *Lab) Host() *machine.Host { return &l.host }
