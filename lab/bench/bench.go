// Package bench measures what a cell costs on this machine, compared with a bare
// boot, with other tools and with the lab's design goals. It measures from
// outside, through runs and through the VMs of one cell; it must not know the
// command line.
package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab"
	labexec "github.com/splicelab/splicelab/lab/exec"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/results/store"
)

// Config says what to measure.
type Config struct {
	// Lab is the lab's configuration. Each measurement sets isolation,
	// templates and jobs; Jobs applies to throughput.
	Lab     lab.Config
	Kernel  kernels.Kernel
	Profile images.Profile
	// Test is the test whose cell is measured.
	Test plan.Test
	// Sibling runs before Test in a shared VM.
	Sibling plan.Test
	// Batch are the tests whose throughput is measured.
	Batch []plan.Test
	// Repetitions is how often everything is measured; at least 1.
	Repetitions int
	// Held is the number of restored VMs that exist at once when memory is
	// measured.
	Held int
	// Dir is an empty directory for temporary files.
	Dir string
	// Progress is called with one-line progress reports; may be nil.
	Progress func(string)
}

// Design goals of the lab.
const (
	goalCold     = 1.10 // times the raw boot plus the test's own time
	goalRestored = 0.25 // seconds
	goalIsolated = 400  // cells a minute
	goalShared   = 1000
	goalPlan     = 2   // seconds for plannedCells
	goalPlanMiB  = 200 // likewise
)

// series are the samples of one measurement, and why some are missing.
type series struct {
	samples []float64
	failed  int
	why     string
	over    bool // the error is permanent
}

func (s *series) add(v float64, err error) {
	if err == nil {
		s.samples = append(s.samples, v)
		return
	}
	if s.failed++; s.why == "" {
		s.why = err.Error()
	}
}

// row is the series as a row of the report.
func (s *series) row(r Row) Row {
	r.Samples = s.samples
	if s.failed > 0 {
		note := s.why
		if len(s.samples) > 0 {
			note = fmt.Sprintf("%d more left out: %s", s.failed, s.why)
		}
		r.Note = note
	}
	return r
}

// step is what is measured once in every round.
type step struct {
	name string
	run  func(context.Context)
}

// bench is one measurement in progress.
type bench struct {
	Config
	coldBed, restoredBed, sharedBed, isolatedBed, togetherBed bed

	raw, cold, coldTest, restored, whole, shared, isolated, together series
	ownTools                                                         []series
}

// Run measures everything round by round. Each round measures each thing once, so
// that noise on the machine affects all alike. The error is the context's cause,
// or what made measuring impossible; the failure of a single measurement is
// reported in its row.
func Run(ctx context.Context, c Config) (Report, error) {
	if c.Repetitions < 1 || c.Held < 1 || len(c.Batch) == 0 {
		return Report{}, errors.New("nothing to measure: repetitions, machines and tests are needed")
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	store, err := store.Open(filepath.Join(c.Dir, "results.db"))
	if err != nil {
		return Report{}, err
	}
	defer func() { _ = store.Close() }() // its content is discarded
	jobs := c.Lab.Jobs
	if jobs == 0 {
		jobs = lab.DefaultJobs(memoryMiB(c.Lab), max(1, c.Lab.CPUs))
	}
	b := &bench{Config: c, ownTools: make([]series, len(tools))}
	for _, one := range []struct {
		bed       *bed
		isolation plan.Isolation
		cold      bool
		jobs      int
	}{
		{&b.coldBed, plan.IsolationCell, true, 1},
		{&b.restoredBed, plan.IsolationCell, false, 1},
		{&b.sharedBed, plan.IsolationVM, false, 1},
		{&b.isolatedBed, plan.IsolationCell, false, jobs},
		{&b.togetherBed, plan.IsolationVM, false, jobs},
	} {
		if *one.bed, err = newBed(c, store, func(l *lab.Config) {
			l.Isolation, l.NoTemplates, l.Jobs = one.isolation, one.cold, one.jobs
		}); err != nil {
			return Report{}, err
		}
	}
	c.Progress("building images and templates")
	samples, release, err := b.restoredBed.lab.Samples(ctx, b.plan(c.Test), b.kernels())
	if err != nil {
		return Report{}, cause(ctx, err)
	}
	defer release()
	if err := b.rounds(ctx, samples); err != nil {
		return Report{}, err
	}
	memory, err := memoryRows(ctx, samples, c.Held, c.Progress)
	if err != nil {
		return Report{}, err
	}
	plans, err := b.planningRows(ctx)
	if err != nil {
		return Report{}, err
	}
	return Report{Machine: describe(ctx, c, jobs), Sections: append(b.sections(), memorySection(memory), plans)}, nil
}

func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func memoryMiB(c lab.Config) int {
	if c.MemoryMiB == 0 {
		return 512
	}
	return c.MemoryMiB
}

// plan is a plan of the measured kernel and filesystem with these tests.
func (b *bench) plan(tests ...plan.Test) plan.Plan {
	return plan.Plan{Kernels: b.kernels().Plan(), Profiles: []images.Profile{b.Profile}, Tests: tests}
}

// kernels has the measured kernel.
func (b *bench) kernels() lab.Ready { return lab.Ready{b.Kernel} }

// rounds measures everything that is measured repeatedly. The first round is
// discarded: it fills the cache.
func (b *bench) rounds(ctx context.Context, s *labexec.Samples) error {
	floorImage := filepath.Join(b.Dir, "floor.cpio")
	if err := writeFloor(floorImage); err != nil {
		return err
	}
	steps := b.steps(s, floorImage)
	began := time.Now()
	for round := range b.Repetitions + 1 {
		for i, step := range steps {
			at := "first round, which does not count"
			if round > 0 {
				spent := time.Since(began)
				left := spent / time.Duration(round*len(steps)+i) * time.Duration((b.Repetitions-round)*len(steps)+len(steps)-i)
				at = fmt.Sprintf("round %d of %d, %s left", round, b.Repetitions, left.Round(time.Second))
			}
			b.Progress(at + ": " + step.name)
			step.run(ctx)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
		if round == 0 {
			b.forget()
		}
	}
	return nil
}

// forget discards the first round, except for permanent errors.
func (b *bench) forget() {
	for _, s := range []*series{&b.raw, &b.cold, &b.coldTest, &b.restored, &b.whole, &b.shared, &b.isolated, &b.together} {
		*s = series{}
	}
	for i := range b.ownTools {
		if !b.ownTools[i].over {
			b.ownTools[i] = series{}
		}
	}
}

func (b *bench) steps(s *labexec.Samples, floorImage string) []step {
	raw := s.Config()
	raw.Initrd = floorImage
	name := b.Test.Name()
	steps := []step{
		{"raw boot", func(ctx context.Context) { b.raw.add(floor(ctx, raw)) }},
		{"cold cell", func(ctx context.Context) {
			c, err := b.coldBed.one(ctx, b.plan(b.Test), name)
			b.cold.add(c.Duration.Seconds(), err)
			b.coldTest.add(c.Timing.Test.Seconds(), err)
		}},
		{"restored cell", func(ctx context.Context) {
			c, err := b.restoredBed.one(ctx, b.plan(b.Test), name)
			if err == nil && c.Timing.Boot > 0 {
				err = errors.New("the VM was booted instead of restored")
			}
			b.restored.add(c.Duration.Seconds(), err)
			b.whole.add((c.Timing.Spawn + c.Timing.Restore + c.Duration).Seconds(), err)
		}},
		{"shared-VM cell", func(ctx context.Context) {
			c, err := b.sharedBed.one(ctx, b.plan(b.Sibling, b.Test), name)
			b.shared.add((c.Timing.Agent + c.Timing.Test + c.Timing.Collect).Seconds(), err)
		}},
		{"throughput, isolated", func(ctx context.Context) { b.isolated.add(b.isolatedBed.perMinute(ctx, b.plan(b.Batch...))) }},
		{"throughput, shared", func(ctx context.Context) { b.together.add(b.togetherBed.perMinute(ctx, b.plan(b.Batch...))) }},
	}
	g := toolGuest{
		kernel: b.Kernel, accel: b.Lab.Accel, memoryMiB: memoryMiB(b.Lab), cpus: max(1, b.Lab.CPUs),
		binary: filepath.Join(b.Lab.GuestDir, b.Test.Suite+".test"), args: []string{"-test.run=" + plan.RunPattern(b.Test), "-test.v"},
	}
	if abs, err := filepath.Abs(g.binary); err == nil {
		g.binary = abs
	}
	for i, t := range tools {
		steps = append(steps, toolStep(t, g, &b.ownTools[i]))
	}
	return steps
}

// toolStep measures another tool, until it fails: it would fail again.
func toolStep(t tool, g toolGuest, s *series) step {
	return step{t.name, func(ctx context.Context) {
		if s.over {
			return
		}
		v, err := t.run(ctx, g)
		if errors.Is(err, exec.ErrNotFound) {
			err = errors.New("not on PATH")
		}
		s.add(v, err)
		s.over = err != nil
	}}
}

func (b *bench) planningRows(ctx context.Context) (Section, error) {
	var took, mib series
	for i := range b.Repetitions {
		if ctx.Err() != nil {
			return Section{}, context.Cause(ctx)
		}
		if i == 0 {
			b.Progress(fmt.Sprintf("planning %d cells", plannedCells))
		}
		s, m, err := planning(plannedCells)
		took.add(s, err)
		mib.add(m, err)
	}
	return planningSection(took, mib), nil
}

// scratch creates a directory for Config.Dir below dir, and returns a function
// that removes it.
func scratch(dir string) (string, func(), error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", nil, err
	}
	made, err := os.MkdirTemp(dir, "bench-")
	if err != nil {
		return "", nil, err
	}
	return made, func() { _ = os.RemoveAll(made) }, nil
}
