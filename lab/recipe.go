package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// Recipe is everything that determines a run. It is stored with the run. A
// stopped run resumes unchanged although the configuration or the archive
// changed in the meantime; if its programs changed it is refused, with the
// differences.
type Recipe struct {
	Format int `json:"format"` // recipeFormat
	// Requested is Config.Requested: the options that the user set, by name.
	Requested map[string]string `json:"asked"`

	// A kernel's digest is empty if the kernel was not fetched yet when the run
	// began; then the run's condition "kernel RELEASE" has it.
	Kernels       []plan.Kernel    `json:"kernels"`
	Profiles      []images.Profile `json:"profiles"`
	Tests         []plan.Test      `json:"tests"`
	Repeat        int              `json:"repeat,omitempty"`
	RetryFailures int              `json:"retry_failures,omitempty"`

	Isolation   plan.Isolation `json:"isolation"`
	NoTemplates bool           `json:"no_templates,omitempty"`
	MemoryMiB   int            `json:"memory_mib"`
	CPUs        int            `json:"cpus"`
	KernelArgs  []string       `json:"kernel_args,omitempty"`
	Deadlines   job.Deadlines  `json:"deadlines"`

	Toolchain toolchain `json:"made"`
}

// recipeFormat changes when older recipes become unusable.
const recipeFormat = 1

// recipe describes a run of a plan.
func (l *Lab) recipe(ctx context.Context, p plan.Plan) (Recipe, error) {
	tools, err := l.toolchain(ctx, p)
	if err != nil {
		return Recipe{}, err
	}
	return Recipe{
		Format: recipeFormat, Requested: l.cfg.Requested,
		Kernels: p.Kernels, Profiles: p.Profiles, Tests: p.Tests, Repeat: p.Repeat, RetryFailures: p.RetryFailures,
		Isolation: l.cfg.Isolation, NoTemplates: l.cfg.NoTemplates, MemoryMiB: l.cfg.MemoryMiB, CPUs: l.cfg.CPUs,
		KernelArgs: l.cfg.KernelArgs, Deadlines: l.cfg.Deadlines, Toolchain: tools,
	}, nil
}

func (r Recipe) encode() (string, error) {
	b, err := json.Marshal(r)
	return string(b), err
}

// NoRecipeError reports that a stored run cannot be resumed.
type NoRecipeError struct {
	Run string
	Why string
}

func (e *NoRecipeError) Error() string {
	return fmt.Sprintf("run %s cannot be resumed: %s", e.Run, e.Why)
}

// BadInput marks the error as the user's.
func (*NoRecipeError) BadInput() {}

// RecipeOf reads a stored run's recipe, and adds the digests of kernels that were
// fetched since. ended says that no cell was pending when the run finished. The
// error is a *NoRecipeError if there is no usable recipe.
func RecipeOf(ctx context.Context, store *store.Store, run results.Run) (r Recipe, ended bool, err error) {
	text, ended, err := store.Plan(ctx, run.ID)
	if err != nil {
		return Recipe{}, false, err
	}
	if text == "" {
		return Recipe{}, false, &NoRecipeError{run.ID, "it was stored without its plan, by `" + strings.Join(run.Command, " ") + "`. Start it again"}
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return Recipe{}, false, &NoRecipeError{run.ID, "its plan cannot be read: " + err.Error() + ". Start it again"}
	}
	if r.Format != recipeFormat {
		return Recipe{}, false, &NoRecipeError{run.ID, fmt.Sprintf("its plan has format %d and this splicelab reads %d: resume it with the splicelab that began it, or start it again", r.Format, recipeFormat)}
	}
	for i := range r.Kernels {
		if k := &r.Kernels[i]; k.Digest == "" {
			k.Digest = run.Conditions[conditionKernel+k.Release]
		}
	}
	return r, ended, nil
}

// Configure sets the recipe's settings in c.
func (r Recipe) Configure(c *Config) {
	c.Isolation, c.NoTemplates, c.MemoryMiB, c.CPUs = r.Isolation, r.NoTemplates, r.MemoryMiB, r.CPUs
	c.KernelArgs, c.Deadlines, c.Requested = r.KernelArgs, r.Deadlines, r.Requested
}

// Plan is the run's plan.
func (r Recipe) Plan() plan.Plan {
	return plan.Plan{Kernels: r.Kernels, Profiles: r.Profiles, Tests: r.Tests, Repeat: r.Repeat, RetryFailures: r.RetryFailures}
}

// Remaining returns the releases of the kernels that have pending cells or
// retries, in the order of the plan, given the cells that the run has.
func (r Recipe) Remaining(cells []results.Cell) []string {
	return r.Plan().Remaining(r.Isolation, cells)
}

// ChangedError reports that a run cannot be resumed unchanged.
type ChangedError struct {
	Run  string
	What []string // what differs, each a sentence without its full stop
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("run %s cannot be resumed, because new cells could not be compared with those that it has: %s. Restore what changed, or start a new run",
		e.Run, strings.Join(e.What, "; "))
}

// BadInput marks the error as the user's.
func (*ChangedError) BadInput() {}

// Unchanged verifies that l has the same toolchain as the run had when it
// started. The error is a *ChangedError that lists every difference.
func (r Recipe) Unchanged(ctx context.Context, l *Lab, run string) error {
	now, err := l.toolchain(ctx, r.Plan())
	if err != nil {
		return err
	}
	was := r.Toolchain
	var what []string
	differs := func(name, was, now string) {
		if was != now {
			what = append(what, fmt.Sprintf("%s was %s and is %s", name, was, now))
		}
	}
	differs("splicelab", was.Version, now.Version)
	differs("QEMU", was.QEMU, now.QEMU)
	for _, name := range slices.Sorted(maps.Keys(was.Foreign)) {
		differs("QEMU for "+name, was.Foreign[name], now.Foreign[name])
	}
	differs("the accelerator", string(was.Accel), string(now.Accel))
	for _, name := range slices.Sorted(maps.Keys(was.Programs)) {
		if was.Programs[name] != now.Programs[name] {
			what = append(what, fmt.Sprintf("%s changed (sha256 %.12s… before, %.12s… now)", name, was.Programs[name], now.Programs[name]))
		}
	}
	if len(what) > 0 {
		return &ChangedError{Run: run, What: what}
	}
	return nil
}
