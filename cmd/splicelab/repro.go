package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/config"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/report"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

func (a *app) reproCommand() *cobra.Command {
	var repetitions int
	var run, output, bundleFile string
	cmd := &cobra.Command{
		Use:   "repro REPORT.yaml | CELL",
		Short: "Look again for what a report file says was seen, or make such a file",
		Long: `repro runs the one cell that a report file names, on the kernel and filesystem
that it names, each time in a VM of its own, and says how often it came to what
the file expects. docs/reports.md describes the file; "splicelab results
findings --reports DIR" writes such files from a stored run.

With a CELL, written KERNEL/FILESYSTEM/TEST, it runs nothing: it writes the report file
of that cell in the newest stored run that has it, or in that of --run, to
standard output or to --output. KERNEL may be the beginning of a release.

--bundle packs what was reproduced for somebody without the lab: kernel, configuration, initramfs,
disk, QEMU's arguments, what was seen, and a repro.sh that needs QEMU and a shell alone. The
bundle is run in a clean directory before it is called done.

Exit codes: 0 it was reproduced at least once; 1 it was not; 2 bad usage or a
bad report file; 3 the lab failed.`,
		Example: `  splicelab repro reports/xfs-phantom-zero.yaml
  splicelab repro -n 20 reports/xfs-phantom-zero.yaml
  splicelab repro --bundle phantom.tar.zst reports/xfs-phantom-zero.yaml
  splicelab repro -o mine.yaml 6.12/xfs/splice.TestPunchHoleInPage/large-clean`,
		Args: arguments(1, 1, "a report file or a cell"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if key, ok := parseCell(args[0]); ok {
				if cmd.Flags().Changed("repetitions") || bundleFile != "" {
					return usagef("-n and --bundle go with a report file: %s is a cell", args[0])
				}
				return a.reportOf(cmd.Context(), key, run, output)
			}
			if output != "" || run != "" {
				return usagef("--run and --output go with a cell, KERNEL/FILESYSTEM/TEST: %s is none", args[0])
			}
			r, err := report.Load(args[0])
			if err != nil {
				return usagef("%s", err)
			}
			if cmd.Flags().Changed("repetitions") {
				if repetitions < 1 {
					return usagef("--repetitions %d: at least once", repetitions)
				}
				r.Repetitions = repetitions
			}
			if bundleFile != "" {
				if err := checkBundleName(bundleFile); err != nil {
					return err
				}
			}
			return a.repro(cmd.Context(), r, bundleFile)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().IntVarP(&repetitions, "repetitions", "n", 0, "try `N` times (default: what the file says)")
	cmd.Flags().StringVar(&run, "run", "", "take the cell from this `RUN` (default: the newest that has it)")
	cmd.Flags().StringVarP(&output, "output", "o", "", "write the cell's report to `FILE`")
	cmd.Flags().StringVar(&bundleFile, "bundle", "", "pack what was reproduced to `FILE`.tar.zst")
	a.vmFlags(cmd.Flags())
	return cmd
}

// reportBuild is the name of the kernel that a report's source is built to.
const reportBuild = "report"

// repro makes the report's cell a plan of its own and runs it as often as it
// asks. All tries are attempts of one stored run.
func (a *app) repro(ctx context.Context, r report.Report, bundleFile string) error {
	a.cfg.Run.Kernels, a.cfg.Run.Filesystems = r.Kernel, r.Filesystem
	if r.Source != nil {
		a.cfg.Kernels.Builds = append(a.cfg.Kernels.Builds, r.Source.Build(reportBuild))
		a.cfg.Run.Kernels = source.Prefix + reportBuild
	}
	a.cfg.Run.Tests = "^" + regexp.QuoteMeta(r.Test) + "$"
	a.cfg.Run.Policy = string(r.Policy)
	a.cfg.Run.Isolation = string(plan.IsolationCell)
	if r.Memory != 0 {
		a.cfg.VM.Memory = r.Memory
	}
	if r.CPUs != 0 {
		a.cfg.VM.CPUs = r.CPUs
	}
	if r.KernelArgs != "" {
		a.cfg.VM.KernelArgs += " " + r.KernelArgs
	}
	a.cfg.Run.Priority = config.LowestPriority
	tests, err := a.selectTests(ctx, r.TestsFrom)
	if err != nil {
		return err
	}
	defer tests.release()
	if err := asReported(&tests, r); err != nil {
		return err
	}
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
	found, err := a.fetchForRun(ctx, false, p)
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return usagef("the report's kernel %q names %d kernels: name one", a.cfg.Run.Kernels, len(found))
	}
	cells, err := plan.New(lab.Ready(found).Plan(), tests.profiles, tests.suites, tests.pattern)
	if err != nil {
		return err
	}
	cells.Repeat = r.Repetitions
	l, err := a.newLab(ctx, found[0], store, p, func(c *lab.Config) { c.User = tests.own })
	if err != nil {
		return err
	}
	if r.Title != "" {
		fmt.Fprintln(a.stdout, sanitize.Line(r.Title))
	}
	fmt.Fprintf(a.stdout, "%s on %s, %s: expecting %s\n", sanitize.Line(r.Test), found[0].Release, tests.profiles[0].Name, r.Expect)
	run, err := l.Run(ctx, cells, lab.Ready(found), p)
	p.Close()
	if run.ID == "" {
		return err
	}
	// What was seen is told, also when it was not all that was wanted.
	var told strings.Builder
	seen, tried, serr := a.tellTries(context.WithoutCancel(ctx), io.MultiWriter(a.stdout, &told), store, run.ID, results.CellKey{Kernel: found[0].Release, FS: tests.profiles[0].Name, Test: r.Test}, r)
	if err = errors.Join(err, serr); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "stored as run %s\n", run.ID)
	if seen == 0 {
		fmt.Fprintf(a.stdout, "not reproduced in %d tries\n", tried)
		return &failedError{tried}
	}
	fmt.Fprintf(a.stdout, "reproduced %d/%d\n", seen, tried)
	if bundleFile != "" {
		cells.Repeat = 0
		if !strings.Contains(a.cfg.Run.Kernels, ":") {
			r.Kernel = found[0].Release // a series names another kernel next week
		}
		return a.bundle(ctx, l, cells, lab.Ready(found), r, told.String(), bundleFile)
	}
	return nil
}

// asReported gives the profile the report's own mkfs and mount options, and
// another name, so that its cells are not taken for the profile's.
func asReported(tests *selection, r report.Report) error {
	if len(r.Mkfs) == 0 && r.MountOptions == "" {
		return nil
	}
	p := tests.profiles[0]
	p.Name += "-report"
	if len(r.Mkfs) > 0 {
		p.Mkfs = r.Mkfs
	}
	if r.MountOptions != "" {
		p.Options = r.MountOptions
	}
	if err := p.Validate(); err != nil {
		return usagef("report: %s", err)
	}
	tests.profiles = []images.Profile{p}
	return nil
}

// tellTries prints each try and returns how many met what is expected, of how
// many that the lab did not fail.
func (a *app) tellTries(ctx context.Context, w io.Writer, store *store.Store, run string, key results.CellKey, r report.Report) (seen, tried int, err error) {
	all, err := store.Attempts(ctx, run, key)
	if err != nil {
		return 0, 0, err
	}
	for _, at := range all {
		if at.Verdict == outcome.Infra {
			continue
		}
		tried++
		met := r.Expect.Met(at.Verdict, at.Outcome)
		if met {
			seen++
		}
		fmt.Fprintf(w, "%d/%d  %s  %s  %s\n", tried, r.Repetitions, map[bool]string{true: "yes", false: "no "}[met],
			report.Expect{Verdict: at.Verdict, Outcome: at.Outcome}, sanitize.Line(at.Detail))
	}
	return seen, tried, nil
}
