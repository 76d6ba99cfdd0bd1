package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"splicelab/cmd/splicelab/config"
	"splicelab/lab"
	"splicelab/lab/report"
	"splicelab/lab/vm"
	"splicelab/outcome"
	"splicelab/results"
)

func (a *app) reproCommand() *cobra.Command {
	var repetitions int
	cmd := &cobra.Command{
		Use:   "repro REPORT.yaml",
		Short: "Look again for what a report file says was seen",
		Long: `repro runs the one cell that a report file names, on the kernel and filesystem
that it names, each time in a VM of its own, and says how often it came to what
the file expects. docs/reports.md describes the file; "splicelab results
findings --reports DIR" writes such files from a stored run.

Exit codes: 0 it was reproduced at least once; 1 it was not; 2 bad usage or a
bad report file; 3 the lab failed.`,
		Example: `  splicelab repro reports/xfs-phantom-zero.yaml
  splicelab repro -n 20 reports/xfs-phantom-zero.yaml`,
		Args: arguments(1, 1, "a report file"),
		RunE: func(cmd *cobra.Command, args []string) error {
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
			return a.repro(cmd.Context(), r)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().IntVarP(&repetitions, "repetitions", "n", 0, "try `N` times (default: what the file says)")
	a.vmFlags(cmd.Flags())
	return cmd
}

// repro makes the report's cell a plan of its own and runs it as often as it
// asks. Every try is a run in the store, like any other.
func (a *app) repro(ctx context.Context, r report.Report) error {
	a.cfg.Run.Kernels, a.cfg.Run.Filesystems = r.Kernel, r.Filesystem
	a.cfg.Run.Tests = "^" + regexp.QuoteMeta(r.Test) + "$"
	a.cfg.Run.Policy = string(r.Policy)
	a.cfg.Run.Isolation = string(lab.IsolationVM) // shared with the control cells of the try alone
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
	tests, err := a.selectTests(ctx, nil)
	if err != nil {
		return err
	}
	defer tests.release()
	if _, err := vm.Version(ctx, a.cfg.VM.QEMU); err != nil {
		return err
	}
	store, err := a.resultStore()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // each attempt was durable when it was added
	release, err := a.useCache()
	if err != nil {
		return err
	}
	defer release()
	p := newProgress(a.stderr)
	defer p.Close()
	found, err := a.fetchForRun(ctx, false, p)
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return usagef("the report's kernel %q names %d kernels: name one", r.Kernel, len(found))
	}
	plan, err := lab.NewPlan(found, tests.profiles, tests.suites, a.cfg.Run.Tests)
	if err != nil {
		return err
	}
	l, err := a.newLab(ctx, found[0], store, p)
	if err != nil {
		return err
	}
	if r.Title != "" {
		fmt.Fprintln(a.stdout, results.CleanLine(r.Title))
	}
	fmt.Fprintf(a.stdout, "%s on %s, %s: expecting %s\n", results.CleanLine(r.Test), found[0].Release, tests.profiles[0].Name, r.Expect)
	seen := 0
	for i := range r.Repetitions {
		run, err := l.Run(ctx, plan, nil) // too short for a progress bar
		if err != nil {
			return err
		}
		cell, err := cellOf(ctx, store, run.ID, r.Test)
		if err != nil {
			return err
		}
		met := r.Expect.Met(cell.Verdict, cell.Outcome)
		if met {
			seen++
		}
		fmt.Fprintf(a.stdout, "%d/%d  %s  %s  %s (run %s)\n", i+1, r.Repetitions, map[bool]string{true: "yes", false: "no "}[met],
			report.Expect{Verdict: cell.Verdict, Outcome: cell.Outcome}, results.CleanLine(cell.Detail), run.ID)
	}
	if seen == 0 {
		fmt.Fprintf(a.stdout, "not reproduced in %d tries\n", r.Repetitions)
		return &failedError{r.Repetitions}
	}
	fmt.Fprintf(a.stdout, "reproduced %d/%d\n", seen, r.Repetitions)
	return nil
}

func cellOf(ctx context.Context, store *results.Store, run, test string) (results.Cell, error) {
	cells, err := store.Cells(ctx, run)
	if err != nil {
		return results.Cell{}, err
	}
	for _, c := range cells {
		if c.Test == test && c.Verdict != outcome.Infra {
			return c, nil
		}
	}
	return results.Cell{}, errors.New("run " + run + " has no verdict for " + test)
}
