package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/lab/report"
	"github.com/splicelab/splicelab/lab/repro"
)

func (a *app) reproCommand() *cobra.Command {
	var repetitions int
	var run, output, bundleFile string
	var trust bool
	cmd := &cobra.Command{
		Use:   "repro {REPORT.yaml | KERNEL/FILESYSTEM/TEST}",
		Short: "Reproduce what a report file describes, or write such a file",
		Long: `repro runs the cell that a report file describes, each time in a fresh VM, and
counts how often it shows what the file expects. With a cell,
KERNEL/FILESYSTEM/TEST, it runs nothing: it writes the cell's report file, from
the newest stored run that has it. --bundle packs a report that was reproduced
into an archive that needs only QEMU. More: splicelab help reproducing.

Exit codes: 0 it was reproduced at least once; 1 it was not; 2 bad usage or a
bad report file; 3 the lab failed.`,
		Example: `  splicelab repro reports/b8-phantom-zero.yaml
  splicelab repro -n 20 reports/b8-phantom-zero.yaml
  splicelab repro --bundle phantom.tar.zst reports/b8-phantom-zero.yaml
  splicelab repro -o mine.yaml 6.12/xfs/splice.TestPunchHoleInPage/large-clean`,
		Args: cli.Arguments(1, 1, "a report file or a cell"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if key, ok := query.ParseCell(args[0]); ok {
				if cmd.Flags().Changed("repetitions") || bundleFile != "" {
					return usagef("-n and --bundle go with a report file: %s is a cell", args[0])
				}
				return query.WriteReport(cmd.Context(), a.session(), a.Stdout, key, run, export.File(output))
			}
			if output != "" || run != "" {
				return usagef("--run and --output go with a cell, KERNEL/FILESYSTEM/TEST: %s is none", args[0])
			}
			r, err := report.Load(args[0])
			if err != nil {
				return usagef("%s", err)
			}
			if err := r.CheckTrust(args[0]); err != nil && !trust {
				if err := report.AskTrust(cmd.Context(), a.stdin, a.Stderr, progress.IsTerminal(a.Stderr), err); err != nil {
					return err
				}
			}
			if cmd.Flags().Changed("repetitions") {
				if repetitions < 1 {
					return usagef("--repetitions %d: at least once", repetitions)
				}
				r.Repetitions = repetitions
			}
			if bundleFile != "" {
				if err := repro.CheckBundle(export.File(bundleFile)); err != nil {
					return err
				}
			}
			return a.repro(cmd.Context(), r, bundleFile)
		},
	}
	cmd.Flags().SortFlags = false
	a.progressFlag(cmd.Flags())
	cmd.Flags().IntVarP(&repetitions, "repetitions", "n", 0, "try `N` times (default: as in the file)")
	cmd.Flags().StringVar(&run, "run", "", "take the cell from this `RUN` (default: the newest that has it)")
	cmd.Flags().StringVarP(&output, "output", "o", "", "write the cell's report to `FILE`")
	cmd.Flags().StringVar(&bundleFile, "bundle", "", "write a self-contained reproducer to `FILE`.tar.zst")
	cmd.Flags().BoolVar(&trust, "trust", false, "let the report run code on this host, and read files outside its directory")
	a.vmFlags(cmd.Flags())
	return cmd
}

// repro runs a report, and bundles it if it reproduced.
func (a *app) repro(ctx context.Context, r report.Report, bundleFile string) error {
	p := progress.New(a.Stderr)
	defer p.Close()
	tries, err := repro.Run(ctx, a.session(), r, p, a.Stdout)
	if err != nil {
		return err
	}
	defer tries.Close()
	p.Close()
	fmt.Fprintf(a.Stdout, "stored as run %s\n", tries.Run)
	if tries.Met == 0 {
		fmt.Fprintf(a.Stdout, "not reproduced in %d tries\n", tries.Tried)
		return exit.CellsFailed(1)
	}
	fmt.Fprintf(a.Stdout, "reproduced %d/%d\n", tries.Met, tries.Tried)
	if bundleFile == "" {
		return nil
	}
	size, err := tries.Bundle(ctx, export.File(bundleFile), a.Stderr)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.Stdout, "%s: %s; it was run in a clean directory, and reproduces the report\n", bundleFile, progress.Bytes(size))
	return nil
}
