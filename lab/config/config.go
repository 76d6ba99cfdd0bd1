// Package config has all options of splicelab: a struct with a field for each,
// their defaults and their validation. The order of precedence is: command-line
// flags, environment variables, splicelab.yaml, defaults. The package knows which
// values are valid, and must not know what a command does with them.
package config

import (
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/kernels/debian"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results/format"
)

// Config holds every option. A field's key in splicelab.yaml is its tag,
// nested keys joined by dots; its environment variable is SPLICELAB_ and the
// key in capitals with dots and dashes as underscores: vm.boot-timeout is
// SPLICELAB_VM_BOOT_TIMEOUT.
type Config struct {
	// Cache is the directory of kernels, images and everything else that can
	// be fetched or built again; several processes may share it.
	// Default $XDG_CACHE_HOME/splicelab, or ~/.cache/splicelab.
	Cache string `mapstructure:"cache"`
	// State is the directory of the results of runs.
	// Default $XDG_STATE_HOME/splicelab, or ~/.local/state/splicelab.
	State string `mapstructure:"state"`
	// GuestDir holds the programs that run in the guest: the agent, the test
	// suites (*.test) and bb, the shell's commands.
	// Default: empty, for those next to the executable or embedded in it.
	GuestDir string `mapstructure:"guest-dir"`
	// MkfsPath lists the directories searched for mkfs programs. Default: empty,
	// the system's, such as /usr/sbin.
	MkfsPath []string `mapstructure:"mkfs-path"`
	// Run is what a run covers by default.
	Run Run `mapstructure:"run"`
	// Nightly configures "splicelab nightly".
	Nightly Nightly `mapstructure:"nightly"`
	// VM configures the virtual machines.
	VM VM `mapstructure:"vm"`
	// Kernels configures where kernels come from.
	Kernels Kernels `mapstructure:"kernels"`
	// Filesystems are the user's own filesystem profiles. One with the name
	// of a built-in profile replaces it.
	Filesystems []images.Profile `mapstructure:"filesystems"`
}

// Run is what "splicelab run" covers and how it judges.
type Run struct {
	// Kernels are kernel selectors, comma-separated.
	// Default: the newest of each series of the default matrix.
	Kernels string `mapstructure:"kernels"`
	// Filesystems are names of profiles, comma-separated, or "all".
	// Default "tmpfs,ext4,xfs,btrfs".
	Filesystems string `mapstructure:"filesystems"`
	// Tests is a regular expression on suite.TestName/subtest. Default: empty,
	// see All.
	Tests string `mapstructure:"tests"`
	// Priority excludes tests of a lower priority than this: 0 is the highest.
	// Default 9: none is excluded.
	Priority int `mapstructure:"priority"`
	// All runs every test if neither Tests nor Priority is set. Default false:
	// the quick cells, a representative subset of about twenty per kernel and
	// filesystem.
	All bool `mapstructure:"all"`
	// Policy decides which outcomes pass: "alias" (default) or "snapshot".
	Policy string `mapstructure:"policy"`
	// Expectations is the file with the expected results of cells, or "none".
	// Default "expectations.yaml", which need not exist.
	Expectations string `mapstructure:"expectations"`
	// Isolation is "cell" (default: each cell has a fresh VM, restored from a
	// template) or "vm" (cells share a VM until one breaks it).
	Isolation string `mapstructure:"isolation"`
	// RetryFailures is how many more times a failing cell is run, 0 to 100.
	// Default 0.
	RetryFailures int `mapstructure:"retry-failures"`
	// Jobs is how many VMs run at once, 1 to 1024. Default 0, which cannot be
	// given: from the machine's cores and memory.
	Jobs int `mapstructure:"jobs,omitempty"`
	// Seed is the seed of the run's pseudo-random choices. Default 0: a random
	// one, which the run prints and stores.
	Seed uint64 `mapstructure:"seed"`
	// JSON to HTML are the files for reports in these formats; "-" is standard
	// output. Default: none. See Report.
	JSON      string `mapstructure:"json"`
	JUnit     string `mapstructure:"junit"`
	KTAP      string `mapstructure:"ktap"`
	KCIDB     string `mapstructure:"kcidb"`
	Test2JSON string `mapstructure:"test2json"`
	Markdown  string `mapstructure:"markdown"`
	CSV       string `mapstructure:"csv"`
	// OpenMetrics is for Prometheus.
	OpenMetrics string `mapstructure:"openmetrics"`
	HTML        string `mapstructure:"html"`
	// KCIDBOrigin is the origin of reports to KCIDB: lower-case letters, digits
	// and "_". Default "splicelab".
	KCIDBOrigin string `mapstructure:"kcidb-origin"`
}

// VM configures the virtual machines.
type VM struct {
	// QEMU is the QEMU binary for guests of the host's architecture, a path or a
	// name on PATH. Default that of the architecture, "qemu-system-x86_64" on
	// amd64.
	QEMU string `mapstructure:"qemu"`
	// QEMUAMD64 to QEMURISCV64 are those for guests of another architecture than
	// the host's. Default "qemu-system-x86_64", "qemu-system-aarch64" and
	// "qemu-system-riscv64".
	QEMUAMD64   string `mapstructure:"qemu-amd64"`
	QEMUARM64   string `mapstructure:"qemu-arm64"`
	QEMURISCV64 string `mapstructure:"qemu-riscv64"`
	// Unconfined runs QEMU with all of the user's rights. Default false: it sees
	// only its own files, see docs/security.md.
	Unconfined bool `mapstructure:"unconfined"`
	// Accel is "auto" (default: KVM if it boots a canary, else TCG), "kvm" or
	// "tcg".
	Accel string `mapstructure:"accel"`
	// Memory is the guest's memory in MiB, 128 to 65536. Default 512.
	Memory int `mapstructure:"memory"`
	// CPUs is the number of the guest's processors, 1 to 64. Default 1.
	CPUs int `mapstructure:"cpus"`
	// BootTimeout bounds the time from QEMU's start to the agent's hello.
	// Default 90s.
	BootTimeout time.Duration `mapstructure:"boot-timeout"`
	// SilenceTimeout is how long a VM may print nothing before it is pinged.
	// Default 10s.
	SilenceTimeout time.Duration `mapstructure:"silence-timeout"`
	// NoTemplates boots every VM instead of restoring it. Default false.
	NoTemplates bool `mapstructure:"no-templates"`
	// TemplateRoom is how much of the cache unused templates may take, in MiB,
	// 0 to 16777216. Default 16384.
	TemplateRoom int `mapstructure:"template-room"`
	// CellTimeout bounds one cell. Default 60s.
	CellTimeout time.Duration `mapstructure:"cell-timeout"`
	// KernelArgs are added to the guest's kernel command line, separated by
	// spaces. Default: none.
	KernelArgs string `mapstructure:"kernel-args"`
}

// Kernels configures the sources of kernels.
type Kernels struct {
	// Debian is the archive that selectors such as 6.12 refer to.
	Debian debian.Config `mapstructure:"debian"`
	// Builds are kernels to be built from source, selected as build:NAME.
	Builds []source.Build `mapstructure:"builds"`
}

// The default matrix: the long-term series that distributions ship, the newest
// series, and one filesystem for each page-cache implementation.
const (
	DefaultKernels     = "5.10,6.1,6.12,6.18,newest:1"
	DefaultFilesystems = "tmpfs,ext4,xfs,btrfs"
)

// QEMUs are the configured QEMU binaries by architecture.
func (v VM) QEMUs() map[string]string {
	qemus := map[string]string{"amd64": v.QEMUAMD64, "arm64": v.QEMUARM64, "riscv64": v.QEMURISCV64}
	qemus[arch.Default().Name] = v.QEMU
	return qemus
}

// binaryOf is the default QEMU of a known architecture.
func binaryOf(name string) string {
	a, err := arch.Parse(name)
	if err != nil {
		panic(err)
	}
	return a.QEMU.Binary
}

// NoExpectations is the value of run.expectations for no expectations.
const NoExpectations = "none"

// LowestPriority is the lowest priority of a test.
const LowestPriority = 9

// Default returns the default configuration. The directories are empty: Load
// fills them from the environment.
func Default() Config {
	return Config{
		Run: Run{
			Kernels:      DefaultKernels,
			Filesystems:  DefaultFilesystems,
			Priority:     LowestPriority,
			Policy:       string(outcome.DefaultPolicy),
			Expectations: "expectations.yaml",
			Isolation:    string(plan.IsolationCell),
			KCIDBOrigin:  format.DefaultOrigin,
		},
		Nightly: defaultNightly(),
		VM: VM{
			QEMU:           arch.Default().QEMU.Binary,
			QEMUAMD64:      binaryOf("amd64"),
			QEMUARM64:      binaryOf("arm64"),
			QEMURISCV64:    binaryOf("riscv64"),
			Accel:          "auto",
			Memory:         512,
			CPUs:           1,
			BootTimeout:    job.DefaultDeadlines.Boot,
			SilenceTimeout: job.DefaultDeadlines.Silence,
			CellTimeout:    job.DefaultDeadlines.Cell,
			TemplateRoom:   16 << 10,
		},
	}
}
