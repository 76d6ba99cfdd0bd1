package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/config"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
	"github.com/splicelab/splicelab/results/terminal"
)

func (a *app) runCommand() *cobra.Command {
	var refresh, resume bool
	var from []string
	defaults := config.Default()
	cmd := &cobra.Command{
		Use:   "run [--resume [RUN]]",
		Short: "Run tests on kernels × filesystems, and show the matrix",
		Long: `run fetches the kernels, boots each with each filesystem, runs the tests, and
prints the matrix of what happened. The run is stored: see splicelab results.

Each cell has a fresh VM, restored from a template: a VM in which the filesystem
is mounted and the test's process waits. Templates are made on first use and
kept in the cache. Where a kernel or device rules that out, the VM is booted,
which is said and marked on the cell. --isolation vm lets the cells of a kernel
and filesystem share a booted VM, which is faster: choose it for the whole suite.

With none of -t, --tests-from, --priority and --all, a run has the quick cells:
one or two of each of the tests that tell kernels apart best.

Kernels are selected by comma-separated words: 6.12 is the newest of that
series, 6.12.95 that one, 6.12.43..6.12.117 all from one to the other, newest:5
the newest of each of the five newest series, all, or file:PATH. A kernel of
the default matrix that the archive lacks is left out with a warning; one that
was asked for is an error.

--tests-from runs your own Go tests, which may use splicelab's kit or know nothing
of it; with no -t, only those and the control cells. docs/tests.md tells more.

A run that was stopped, by Ctrl-C, kill -9, a full disk or a reboot, goes on by
--resume: the newest such run, or the RUN that is named. What it has is kept, and
nothing is run twice; only cells that the lab failed are tried again, also those of a
RUN that came to its end. Kernels, tests, options and seed are the run's own. If
one of them is not to be had as it was, that is an error. Reports cover all of the
run, and have to be named again.

--retry-failures N runs each cell that fails, crashes, hangs or does not boot N more
times, each time in a fresh VM. All attempts are stored, and the cell stays bad: one
that failed in 1 of 6 is shown as a failure, flaky 1/6.

A report goes to a file, which is replaced when the run has ended, or with "-"
to standard output. The matrix goes to standard output, or to standard error
when a report goes to standard output.

A failure that expectations.yaml expects does not make the run fail
(docs/expectations.md).

Exit codes: 0 all passed; 1 some cell failed, crashed, hung or did not boot;
2 bad usage; 3 the lab failed: cells without a verdict after three retries, a
failed control cell, a kernel that could not be fetched, or an interruption.
3 wins over 1: a matrix with holes does not say that the rest passed.`,
		Example: `  splicelab run
  splicelab run -k 6.1,6.12 -f xfs,btrfs -t 'PunchHole|Truncate'
  splicelab run --all --isolation vm
  splicelab run -k newest:3 --policy alias --json out.json --html out.html
  splicelab run --tests-from ./mypkg -k 6.1,6.12 -f xfs
  splicelab run --retry-failures 5
  splicelab run --resume
  splicelab run -k file:/boot/vmlinuz -f ext4 -j 1`,
		Args: resumeArguments(&resume),
		RunE: func(cmd *cobra.Command, args []string) error {
			a.keepFlags(cmd.Flags())
			if resume {
				return a.resume(cmd.Context(), cmd.Flags(), first(args), from)
			}
			return a.run(cmd.Context(), refresh, from)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringP("kernels", "k", defaults.Run.Kernels, "run on the kernels that these `SELECTORS` name")
	f.StringP("filesystems", "f", defaults.Run.Filesystems, "run on these filesystem profiles: `NAMES`, comma-separated, or all")
	f.StringP("tests", "t", "", "run the tests whose suite.TestName/subtest matches `REGEXP`")
	fromFlag(f, &from)
	f.Int("priority", defaults.Run.Priority, "run the tests of priority 0, the highest, to `N`")
	f.Bool("all", false, "run the whole suite (default, with none of -t, --tests-from, --priority: its quick cells)")
	f.String("policy", defaults.Run.Policy, "`POLICY` that says which outcomes pass: snapshot or alias")
	a.expectationsFlag(f)
	f.String("isolation", defaults.Run.Isolation, "`WHAT` a cell has to itself: cell (a VM of its own) or vm (shared until a cell breaks it)")
	f.Int("retry-failures", 0, "run each cell that is bad `N` more times, each in a fresh VM")
	f.Bool("no-templates", false, "boot each VM instead of restoring it from a template")
	a.bind(f, "no-templates", "vm.no-templates")
	f.IntP("jobs", "j", 0, "run `N` VMs at once (default: from cores and memory)")
	reportFlags(f, &defaults.Run)
	for name, key := range map[string]string{
		"kernels": "run.kernels", "filesystems": "run.filesystems", "tests": "run.tests", "priority": "run.priority", "all": "run.all",
		"policy": "run.policy", "isolation": "run.isolation", "retry-failures": "run.retry-failures", "jobs": "run.jobs",
		"kcidb-origin": "run.kcidb-origin",
	} {
		a.bind(f, name, key)
	}
	for _, kind := range reportFormats {
		a.bind(f, kind.Name, "run."+kind.Name)
	}
	a.vmFlags(f)
	f.Uint64("seed", 0, "start all pseudo-randomness from `N` (default: random, and printed)")
	a.bind(f, "seed", "run.seed")
	f.BoolVar(&resume, "resume", false, "go on with the newest run that was stopped, or with the RUN that is named")
	f.BoolVar(&refresh, "refresh", false, "ask the archive for its newest index first")
	a.completeSelections(cmd)
	return cmd
}

// run is one whole run: everything that can be refused is refused before the
// first byte is downloaded.
func (a *app) run(ctx context.Context, refresh bool, from []string) error {
	reports, err := a.newReports(a.cfg.Run)
	if err != nil {
		return err
	}
	if _, err := a.expectations(); err != nil {
		return err
	}
	tests, err := a.testsOfRun(ctx, from)
	if err != nil {
		return err
	}
	defer tests.release()
	release, err := a.useVMs(ctx)
	if err != nil {
		return err
	}
	defer release()
	store, err := a.resultStore()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // each attempt was durable when it was added

	p := newProgress(a.stderr)
	defer p.Close()
	kstore, err := a.kernelStore()
	if err != nil {
		return err
	}
	entries, err := a.resolveForRun(ctx, a.archive(kstore, refresh))
	if err != nil {
		return err
	}
	ran, runErr := a.runOn(ctx, store, tests, entries, from, p)
	run := ran.run
	p.Close()
	if run.ID == "" {
		return runErr
	}
	return a.conclude(ctx, store, run.ID, reports, runErr)
}

// testsOfRun are the tests that the configuration of a run names, or the quick
// cells.
func (a *app) testsOfRun(ctx context.Context, from []string) (selection, error) {
	tests, err := a.selectTests(ctx, from)
	if c := a.cfg.Run; err == nil && !c.All && c.Tests == "" && c.Priority == config.LowestPriority && len(from) == 0 {
		tests.suites = plan.Quick(tests.suites)
	}
	return tests, err
}

// audience is who is told how far a run is.
type audience interface {
	kernels.Progress
	lab.Observer
	io.Writer
}

// ran is a run that was made, as far as it came.
type ran struct {
	plan    plan.Plan
	run     results.Run // without an id when it was not begun
	missing *missing
}

// runOn runs tests on kernels, which are fetched while others run. Only the
// first must be there at once, to show which accelerator works.
func (a *app) runOn(ctx context.Context, store *store.Store, tests selection, entries []kernels.Entry, from []string, p audience) (ran, error) {
	r := ran{missing: &missing{}}
	fetch := r.missing.watch(kernels.Prefetch(ctx, entries, fetchJobs, p))
	canary, err := firstOf(ctx, entries, fetch)
	if err != nil {
		return r, err
	}
	r.plan, err = plan.New(unfetched(entries), tests.profiles, tests.suites, tests.pattern)
	if err != nil {
		return r, err
	}
	r.plan.RetryFailures = a.cfg.Run.RetryFailures
	l, err := a.newLab(ctx, canary, store, p, func(c *lab.Config) { c.User, c.Requested = tests.own, a.asked(from) })
	if err != nil {
		return r, err
	}
	r.run, err = l.Run(ctx, r.plan, lab.Fetch(fetch), p)
	return r, err
}

// firstOf waits for the first kernel that can be had; the error is all of
// theirs when there is none.
func firstOf(ctx context.Context, entries []kernels.Entry, fetch func(context.Context, string) (kernels.Kernel, error)) (kernels.Kernel, error) {
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

// unfetched is what a plan must know of kernels that are on their way.
func unfetched(entries []kernels.Entry) []plan.Kernel {
	out := make([]plan.Kernel, len(entries))
	for i, e := range entries {
		out[i] = plan.KernelOfEntry(e)
	}
	return out
}

// conclude shows and reports a run that has ended, well or badly, and turns
// what came out into the error that the exit code is made of.
func (a *app) conclude(ctx context.Context, store *store.Store, id string, reports reports, trouble error) error {
	// An interrupted run is reported like any other.
	ctx = context.WithoutCancel(ctx)
	run, err := store.Run(ctx, id)
	if err != nil {
		return errors.Join(trouble, err)
	}
	cells, err := store.Cells(ctx, id)
	if err == nil {
		err = a.judge(stored{run, cells})
	}
	if err != nil {
		return errors.Join(trouble, err)
	}
	people := a.people(reports.onStdout())
	if err := terminal.WriteMatrix(people, run, cells, a.matrixOptions(people)); err != nil {
		return errors.Join(trouble, err)
	}
	fmt.Fprintln(people)
	if err := a.showVectors(people, run, cells); err != nil {
		return errors.Join(trouble, err)
	}
	if err := reports.write(ctx, store, run, cells, people); err != nil {
		return errors.Join(trouble, err)
	}
	fmt.Fprintf(people, "stored as run %s: splicelab results show %s\n", run.ID, run.ID)
	if how := a.howToGoOn(ctx, store, run, cells); how != "" {
		fmt.Fprintln(people, how)
	}
	if trouble != nil {
		return trouble
	}
	return verdictOf(cells)
}

// verdictOf is nil when no cell is bad.
func verdictOf(cells []results.Cell) error {
	bad := 0
	for i := range cells {
		if cells[i].Bad() {
			bad++
		}
	}
	if bad > 0 {
		return &failedError{bad}
	}
	return nil
}

// newLab chooses the accelerator, says which and why, and makes the lab.
// canary is the kernel that shows whether KVM works; more sets what not every
// verb wants.
func (a *app) newLab(ctx context.Context, canary kernels.Kernel, store *store.Store, say io.Writer, more ...func(*lab.Config)) (*lab.Lab, error) {
	accel, reason, err := vm.Choose(ctx, vm.Accel(a.cfg.VM.Accel), a.canary(canary.BootImage()))
	if err != nil {
		return nil, err
	}
	guest, err := a.guestDir(ctx)
	if err != nil {
		return nil, err
	}
	seed := a.seed()
	cfg := lab.Config{
		QEMU:      a.cfg.VM.QEMU,
		GuestDir:  guest,
		CacheDir:  a.cfg.Cache,
		Accel:     accel,
		Jobs:      a.cfg.Run.Jobs,
		MemoryMiB: a.cfg.VM.Memory,
		CPUs:      a.cfg.VM.CPUs,
		Isolation: plan.Isolation(a.cfg.Run.Isolation),

		NoTemplates:  a.cfg.VM.NoTemplates,
		TemplatesMiB: a.cfg.VM.TemplateRoom,

		Policy: outcome.Policy(a.cfg.Run.Policy),
		Seed:   seed,
		Deadlines: job.Deadlines{
			Boot:    a.cfg.VM.BootTimeout,
			Silence: a.cfg.VM.SilenceTimeout,
			Cell:    a.cfg.VM.CellTimeout,
		},
		KernelArgs: strings.Fields(a.cfg.VM.KernelArgs),
		Command:    append([]string{"splicelab"}, a.args...),
		Version:    buildVersion(),
	}
	for _, set := range more {
		set(&cfg)
	}
	l, err := lab.New(cfg, store)
	if err != nil {
		return nil, err
	}
	if store != nil {
		fmt.Fprintf(say, "accelerator %s: %s; seed %d\n", accel, sanitize.Line(reason), seed)
	}
	return l, nil
}

// seed is the one that was asked for, or a random one.
func (a *app) seed() uint64 {
	seed := a.cfg.Run.Seed
	for seed == 0 {
		seed = rand.Uint64() >> 11 // what JSON readers with floating-point numbers keep exactly
	}
	return seed
}

// canary configures the boot that shows whether an accelerator works.
func (a *app) canary(kernel string) vm.ChooseConfig {
	return vm.ChooseConfig{QEMU: a.cfg.VM.QEMU, Kernel: kernel, CacheDir: a.cfg.Cache}
}
