package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// Recipe is all that a run is made of. It is kept with the run, so that one
// that was stopped goes on as what it was, whatever the configuration, the
// archive or the programs have become in the meantime; or is refused, with
// what is different.
type Recipe struct {
	Format int `json:"format"` // recipeFormat
	// Asked is Config.Asked: what the user said, by option.
	Asked map[string]string `json:"asked"`

	Kernels       []RecipeKernel   `json:"kernels"`
	Profiles      []images.Profile `json:"profiles"`
	Tests         []PlannedTest    `json:"tests"`
	Repeat        int              `json:"repeat,omitempty"`
	RetryFailures int              `json:"retry_failures,omitempty"`

	Isolation   Isolation `json:"isolation"`
	NoTemplates bool      `json:"no_templates,omitempty"`
	MemoryMiB   int       `json:"memory_mib"`
	CPUs        int       `json:"cpus"`
	KernelArgs  []string  `json:"kernel_args,omitempty"`
	Deadlines   Deadlines `json:"deadlines"`

	Made made `json:"made"`
}

// RecipeKernel is one kernel of a run.
type RecipeKernel struct {
	Release string                `json:"release"`
	Version kernelversion.Version `json:"version"`
	Flavour string                `json:"flavour,omitempty"`
	Origin  string                `json:"origin"`
	// Digest is empty where the kernel was still to be fetched when the run
	// began; then the run's condition "kernel RELEASE" has it.
	Digest string `json:"digest,omitempty"`
}

// made is with what a run is made: what nobody asked for by name, and what its
// results depend on.
type made struct {
	Version  string            `json:"splicelab"`
	QEMU     string            `json:"qemu"`
	Accel    vm.Accel          `json:"accel"`
	Programs map[string]string `json:"programs"` // digests of the guest's, by name
}

// recipeFormat changes when a recipe of an older splicelab is of no use.
const recipeFormat = 1

// recipe describes what l makes of a plan.
func (l *Lab) recipe(ctx context.Context, p Plan) (Recipe, error) {
	made, err := l.made(ctx, p)
	if err != nil {
		return Recipe{}, err
	}
	r := Recipe{
		Format: recipeFormat, Asked: l.cfg.Asked,
		Profiles: p.Profiles, Tests: p.Tests, Repeat: p.Repeat, RetryFailures: p.RetryFailures,
		Isolation: l.cfg.Isolation, NoTemplates: l.cfg.NoTemplates, MemoryMiB: l.cfg.MemoryMiB, CPUs: l.cfg.CPUs,
		KernelArgs: l.cfg.KernelArgs, Deadlines: l.cfg.Deadlines, Made: made,
	}
	for _, k := range p.Kernels {
		r.Kernels = append(r.Kernels, RecipeKernel{Release: k.Release, Version: k.Version, Flavour: k.Flavour, Origin: k.Origin, Digest: k.Digest})
	}
	return r, nil
}

func (r Recipe) encode() (string, error) {
	b, err := json.Marshal(r)
	return string(b), err
}

// NoRecipeError says that a stored run cannot be resumed by itself.
type NoRecipeError struct {
	Run string
	Why string
}

func (e *NoRecipeError) Error() string {
	return fmt.Sprintf("run %s cannot be resumed: %s", e.Run, e.Why)
}

// RecipeOf reads the recipe that a run is stored with, and completes it by what
// the run found out since. ended says that nothing of it was left when the run
// finished. The error is a *NoRecipeError when there is none that can be used.
func RecipeOf(ctx context.Context, store *store.Store, run results.Run) (r Recipe, ended bool, err error) {
	text, ended, err := store.Plan(ctx, run.ID)
	if err != nil {
		return Recipe{}, false, err
	}
	if text == "" {
		return Recipe{}, false, &NoRecipeError{run.ID, "only what `splicelab run` made keeps its plan; it was made by `" + strings.Join(run.Command, " ") + "`, or by a splicelab that did not keep it. Run that again"}
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return Recipe{}, false, &NoRecipeError{run.ID, "its plan cannot be read: " + err.Error() + ". Run it again"}
	}
	if r.Format != recipeFormat {
		return Recipe{}, false, &NoRecipeError{run.ID, fmt.Sprintf("its plan has format %d, and this splicelab writes %d: resume it with the splicelab that began it, or run it again", r.Format, recipeFormat)}
	}
	for i := range r.Kernels {
		if k := &r.Kernels[i]; k.Digest == "" {
			k.Digest = run.Conditions[conditionKernel+k.Release]
		}
	}
	return r, ended, nil
}

// Configure makes c that of the run which the recipe is of.
func (r Recipe) Configure(c *Config) {
	c.Isolation, c.NoTemplates, c.MemoryMiB, c.CPUs = r.Isolation, r.NoTemplates, r.MemoryMiB, r.CPUs
	c.KernelArgs, c.Deadlines, c.Asked = r.KernelArgs, r.Deadlines, r.Asked
}

// Plan is the run's plan. fetch waits until a kernel of it is ready to boot.
func (r Recipe) Plan(fetch func(ctx context.Context, release string) (kernels.Kernel, error)) Plan {
	p := Plan{Fetch: fetch, Profiles: r.Profiles, Tests: r.Tests, Repeat: r.Repeat, RetryFailures: r.RetryFailures}
	for _, k := range r.Kernels {
		p.Kernels = append(p.Kernels, kernels.Kernel{Release: k.Release, Version: k.Version, Flavour: k.Flavour, Origin: k.Origin, Digest: k.Digest})
	}
	return p
}

// Left returns the releases of the kernels of which something is left to be
// run, in the order of the plan, when a run of it has these cells.
func (r Recipe) Left(cells []results.Cell) []string {
	p := r.Plan(nil)
	known := map[results.CellKey]*results.Cell{}
	for i := range cells {
		known[cells[i].CellKey] = &cells[i]
	}
	var left []string
	for k := range p.Kernels {
		release := p.Kernels[k].Release
		if p.anyLeft(r.Isolation, &p.Kernels[k], known) {
			left = append(left, release)
		}
	}
	return left
}

func (p Plan) anyLeft(i Isolation, k *kernels.Kernel, known map[results.CellKey]*results.Cell) bool {
	for f := range p.Profiles {
		g := group{kernel: k, profile: &p.Profiles[f]}
		for _, t := range p.Tests {
			planned := p.repeat(i, t)
			c := known[g.key(t)]
			if c == nil || c.Attempts-c.Infra < planned || p.due(t, c, planned) > 0 {
				return true
			}
		}
	}
	return false
}

// ChangedError says that a run cannot go on as what it was.
type ChangedError struct {
	Run  string
	What []string // what is different, each a sentence without its full stop
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("run %s cannot go on, because cells that are run now could not be compared with those that it has: %s. Put that back as it was, or begin a new run",
		e.Run, strings.Join(e.What, "; "))
}

// Unchanged makes sure that l would make of the recipe's plan what the run was
// made of. The error is a *ChangedError that names every difference.
func (r Recipe) Unchanged(ctx context.Context, l *Lab, run string) error {
	now, err := l.made(ctx, r.Plan(nil))
	if err != nil {
		return err
	}
	was := r.Made
	var what []string
	differs := func(name, was, now string) {
		if was != now {
			what = append(what, fmt.Sprintf("%s was %s and is %s", name, was, now))
		}
	}
	differs("splicelab", was.Version, now.Version)
	differs("QEMU", was.QEMU, now.QEMU)
	differs("the accelerator", string(was.Accel), string(now.Accel))
	for _, name := range slices.Sorted(maps.Keys(was.Programs)) {
		if was.Programs[name] != now.Programs[name] {
			what = append(what, fmt.Sprintf("%s is another (sha256 %.12s… before, %.12s… now)", name, was.Programs[name], now.Programs[name]))
		}
	}
	if len(what) > 0 {
		return &ChangedError{Run: run, What: what}
	}
	return nil
}

// made is with what l makes a plan.
func (l *Lab) made(ctx context.Context, p Plan) (made, error) {
	m := made{Version: l.cfg.Version, Accel: l.cfg.Accel, Programs: map[string]string{}}
	var err error
	if m.QEMU, err = vm.Version(ctx, l.cfg.QEMU); err != nil {
		return made{}, err
	}
	agent, err := digestOf(map[string]string{agentFile: filepath.Join(l.cfg.GuestDir, agentFile)})
	if err != nil {
		return made{}, err
	}
	m.Programs["the guest's agent"] = agent
	for _, t := range p.Tests {
		name := "suite " + t.Suite
		if _, known := m.Programs[name]; known {
			continue
		}
		files, err := l.suiteFiles(Plan{Tests: []PlannedTest{t}})
		if err != nil {
			return made{}, err
		}
		if own, ok := l.own(t.Suite); ok {
			// What else lies beside a package may be the run's own reports.
			maps.DeleteFunc(files, func(place, _ string) bool {
				below, inside := strings.CutPrefix(place, own.workDir()+"/")
				return inside && below != protocol.ProgramFile && !strings.HasPrefix(below, "testdata/")
			})
		}
		if m.Programs[name], err = digestOf(files); err != nil {
			return made{}, err
		}
	}
	return m, nil
}

// digestOf is one digest over files, by their place in the guest.
func digestOf(files map[string]string) (string, error) {
	whole := sha256.New()
	for _, place := range slices.Sorted(maps.Keys(files)) {
		one, err := digestFile(files[place])
		if err != nil {
			return "", err
		}
		fmt.Fprintf(whole, "%s  %s\n", one, place)
	}
	return hex.EncodeToString(whole.Sum(nil)), nil
}

// digestFile is the SHA-256 of a file, in hexadecimal digits.
func digestFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
