// Package lab plans cells, runs them in virtual machines, and decides what
// each came to. It is the only package that knows kernels, images and results
// together; how people ask for a run is the command line's business, and how
// one QEMU process lives is package vm's.
//
// Read it in the order in which a cell goes through it: plan.go (what to
// run), run.go (who runs it when), machine.go (the VM that it runs in),
// batch.go (several cells in one VM), verdict.go (what was seen → verdict).
package lab

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/template"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// Isolation says what a cell shares its VM with.
type Isolation string

const (
	// IsolationVM lets the cells of one kernel and filesystem share a VM until
	// one of them crashes, hangs, or fails without having recorded an outcome.
	// A recorded outcome that the policy does not accept leaves the VM as
	// sound as it was.
	IsolationVM Isolation = "vm"
	// IsolationCell gives each cell a VM of its own.
	IsolationCell Isolation = "cell"
)

// Deadlines bound what a guest may take. They are measured on a clock that
// stands still while the lab itself does not run (a suspended laptop, a
// stopped container), so that the host's pauses never look like a kernel's.
type Deadlines struct {
	// Boot is from starting QEMU to the agent's hello. Default 90 s.
	Boot time.Duration
	// Silence is how long a VM may neither print nor answer before it is
	// asked for a sign of life, which it then has the same time to give.
	// Default 10 s.
	Silence time.Duration
	// Cell is from the start of a cell to its result. Default 60 s.
	Cell time.Duration
}

// DefaultDeadlines are generous: on two cores under TCG a boot takes 2–5 s
// and a cell well under one.
var DefaultDeadlines = Deadlines{Boot: 90 * time.Second, Silence: 10 * time.Second, Cell: 60 * time.Second}

// Config is what a lab needs to know. Zero values mean the defaults named.
type Config struct {
	// QEMU is the qemu-system-x86_64 to run; default: found on PATH.
	QEMU string
	// GuestDir holds the guest programs: agent, *.test, bb.
	GuestDir string
	// CacheDir holds images and disks; default is not allowed.
	CacheDir string
	// Accel is the accelerator, as vm.Choose found it.
	Accel vm.Accel
	// Jobs is how many VMs run at once; default from cores and memory.
	Jobs int
	// MemoryMiB is a VM's memory; default 512.
	MemoryMiB int
	// CPUs is a VM's number of processors; default 1.
	CPUs int
	// Isolation defaults to IsolationCell.
	Isolation Isolation
	// Policy defaults to outcome.PolicySnapshot.
	Policy outcome.Policy
	// Seed feeds every pseudo-random choice of a run.
	Seed uint64
	// Deadlines defaults, field by field, to DefaultDeadlines.
	Deadlines Deadlines
	// KernelArgs are added to the kernel's command line.
	KernelArgs []string
	// NoTemplates boots every machine, and restores none. With IsolationVM it
	// is so unless RestoreShared is set.
	NoTemplates bool
	// RestoreShared restores the machines that cells share under IsolationVM
	// too. That pays where a few cells of many kernels are run again and again:
	// each kernel and filesystem costs a template on the disk.
	RestoreShared bool
	// TemplatesMiB is how much room templates that are not in use may take in
	// the cache; default 16384.
	TemplatesMiB int
	// Own are the user's suites, beside those of GuestDir.
	Own []OwnSuite
	// Faults shows each cell the fault of its declaration, to prove that it
	// can fail. Such a run says nothing about a kernel: its store must be one
	// that nobody takes for results, and control cells do not count.
	Faults bool
	// Asked are the options that were asked for, by their names. Where it is not
	// nil, runs keep with it all that they are made of, see Recipe.
	Asked map[string]string
	// Command is the command line of the run, for the record.
	Command []string
	// Version is the lab's own version, for the record.
	Version string
}

const (
	defaultMemoryMiB    = 512
	defaultTemplatesMiB = 16 << 10
	// overheadMiB is what a QEMU process takes beside the guest's memory: its
	// code, and under TCG the translation buffer.
	overheadMiB = 256
)

// Lab runs plans and single programs in VMs.
type Lab struct {
	cfg     Config
	builder images.Builder
	store   *store.Store
	// templates is nil where every machine is booted.
	templates *template.Store
}

// New checks cfg, fills in the defaults, and makes the lab's directories.
// store may be nil for Exec and Shell, which record nothing.
func New(cfg Config, store *store.Store) (*Lab, error) {
	if cfg.CacheDir == "" {
		return nil, fmt.Errorf("no cache directory: set --cache or SPLICELAB_CACHE")
	}
	switch cfg.Isolation {
	case "":
		cfg.Isolation = IsolationCell
	case IsolationVM, IsolationCell:
	default:
		return nil, fmt.Errorf("unknown isolation %q: use %s or %s", cfg.Isolation, IsolationCell, IsolationVM)
	}
	if cfg.Policy == "" {
		cfg.Policy = outcome.PolicySnapshot
	}
	if cfg.MemoryMiB == 0 {
		cfg.MemoryMiB = defaultMemoryMiB
	}
	if cfg.TemplatesMiB == 0 {
		cfg.TemplatesMiB = defaultTemplatesMiB
	}
	if cfg.CPUs == 0 {
		cfg.CPUs = 1
	}
	if cfg.Jobs == 0 {
		cfg.Jobs = DefaultJobs(cfg.MemoryMiB, cfg.CPUs)
	}
	if cfg.MemoryMiB < 128 || cfg.CPUs < 1 || cfg.Jobs < 1 {
		return nil, fmt.Errorf("memory %d MiB, %d cpus, %d jobs: a VM needs at least 128 MiB and one cpu, a run one job",
			cfg.MemoryMiB, cfg.CPUs, cfg.Jobs)
	}
	if cfg.Deadlines.Boot == 0 {
		cfg.Deadlines.Boot = DefaultDeadlines.Boot
	}
	if cfg.Deadlines.Silence == 0 {
		cfg.Deadlines.Silence = DefaultDeadlines.Silence
	}
	if cfg.Deadlines.Cell == 0 {
		cfg.Deadlines.Cell = DefaultDeadlines.Cell
	}
	if agent := filepath.Join(cfg.GuestDir, agentFile); !isFile(agent) {
		return nil, &MissingGuestError{agent}
	}
	l := &Lab{cfg: cfg, store: store, builder: images.Builder{Dir: filepath.Join(cfg.CacheDir, "images")}}
	if err := os.MkdirAll(l.tempDir(), 0o755); err != nil {
		return nil, fmt.Errorf("cache directory %s cannot be used: %w; name another with --cache or SPLICELAB_CACHE", cfg.CacheDir, err)
	}
	// A VM that many cells share is worth a boot.
	if !cfg.NoTemplates && (cfg.Isolation == IsolationCell || cfg.RestoreShared) {
		var err error
		if l.templates, err = template.Open(filepath.Join(cfg.CacheDir, "templates"), int64(cfg.TemplatesMiB)<<20); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// tempDir is where QEMU puts its throw-away overlays: beside the cache, so
// that nothing lands elsewhere and the disk is one that has room.
func (l *Lab) tempDir() string { return filepath.Join(l.cfg.CacheDir, "tmp") }

// DefaultJobs is how many VMs of this size the machine can run at once: half
// as many again as keep its cores busy, since a VM waits for its disk and its
// serial lines part of the time (on two cores the default matrix takes 125 s
// with two VMs at once, 104 s with three), within three quarters of the memory
// that is available now; at least one.
func DefaultJobs(memoryMiB, cpus int) int {
	jobs := runtime.NumCPU() * 3 / 2 / max(cpus, 1)
	var si unix.Sysinfo_t
	if unix.Sysinfo(&si) == nil {
		freeMiB := int((si.Freeram + si.Bufferram) * uint64(si.Unit) >> 20)
		freeMiB = max(freeMiB, availableMiB())
		jobs = min(jobs, freeMiB*3/4/(memoryMiB+overheadMiB))
	}
	return max(jobs, 1)
}

// availableMiB is MemAvailable of /proc/meminfo: free memory and what can be
// freed. 0 when it cannot be read.
func availableMiB() int {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	return parseAvailable(string(b))
}

func parseAvailable(meminfo string) int {
	var kib int
	for line := range lines(meminfo) {
		if n, _ := fmt.Sscanf(line, "MemAvailable: %d kB", &kib); n == 1 {
			return kib / 1024
		}
	}
	return 0
}

func isFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}

// Observer is told what happens, as it happens. Event is called from several
// goroutines and must return soon.
type Observer interface {
	Event(Event)
}

// EventKind says what an Event tells.
type EventKind string

const (
	EventPlanned  EventKind = "planned"  // Total is known
	EventBoot     EventKind = "boot"     // a VM is starting for Cell.Kernel and Cell.FS
	EventStarted  EventKind = "started"  // Cell runs
	EventFinished EventKind = "finished" // Attempt is stored
	EventRetry    EventKind = "retry"    // an infra attempt is stored; the cell will run again
	EventNotice   EventKind = "notice"   // Text concerns many cells
)

// Event is one step of a run.
type Event struct {
	Kind        EventKind
	Run         string // EventPlanned: the run's ID
	Cell        results.CellKey
	Attempt     results.Attempt // EventFinished and EventRetry
	Again       bool            // the attempt is a retry of a cell that was bad
	Done, Total int             // cells with a final verdict; cells planned
	// Retries of bad cells: how many are done, of how many that are due so far.
	// They do not count as cells.
	Retried, Retries int
	// Kernels of which nothing is left to do, and all of the plan.
	KernelsDone, Kernels int
	// Share is how much of the run is done, 0 to 1, by what its cells are
	// expected to take; retries that are due included.
	Share float64
	Text  string // EventNotice
}

// discard is the Observer of those who do not look.
type discard struct{}

func (discard) Event(Event) {}

// conditionKernel and a release name the condition that is a kernel's digest.
const conditionKernel = "kernel "

// kernelConditions are those that say which kernel it was.
func kernelConditions(k kernels.Kernel) map[string]string {
	all := map[string]string{
		conditionKernel + k.Release: k.Digest,
		"commit " + k.Release:       k.Checkout.Commit,
		"repository " + k.Release:   k.Checkout.Repository,
		"patches " + k.Release:      k.Checkout.Patches,
	}
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

// newRun describes the run that is about to begin.
func (l *Lab) newRun(ctx context.Context, p Plan) results.Run {
	now := time.Now()
	cond := map[string]string{
		"splicelab": l.cfg.Version,
		"isolation": string(l.cfg.Isolation),
		"memory":    fmt.Sprintf("%d MiB", l.cfg.MemoryMiB),
		"cpus":      fmt.Sprint(l.cfg.CPUs),
	}
	if v, err := vm.Version(ctx, l.cfg.QEMU); err == nil {
		cond["qemu"] = v
	}
	if l.templates == nil {
		cond["templates"] = "none: every VM was booted"
	}
	if l.cfg.Faults {
		cond["faults"] = "every cell was shown one"
	}
	for _, k := range p.Kernels {
		maps.Copy(cond, kernelConditions(k))
	}
	maps.Copy(cond, l.conditions(ctx, p))
	return results.Run{
		ID: results.NewRunID(now), Started: now, Policy: l.cfg.Policy, Accel: string(l.cfg.Accel),
		Seed: l.cfg.Seed, Command: l.cfg.Command, Conditions: cond, Planned: p.Cells(),
	}
}
