package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/bench"
)

func (a *app) benchCommand() *cobra.Command {
	var o bench.Options
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure what a cell costs on this machine, and compare it with the goals",
		Long: `bench measures the cost of a cell side by side with a bare boot and with other
tools, throughput, memory and planning, and compares each with its goal. It
prints a report in Markdown. Nothing is stored in the results store. More:
splicelab help measuring.

Exit codes: 0 everything was measured, whether or not it meets its goal; 2 bad
usage; 3 the lab failed or was interrupted.`,
		Example: `  splicelab bench > report.md
  splicelab bench -n 3 --held 10
  splicelab bench -k 6.1 -f ext4 -t '^splice\.TestPunchHoleInPage/small-clean$'`,
		Args: cli.Arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.bench(cmd.Context(), o, document) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.Guest.Kernel, "kernel", "k", "6.12", "boot the `KERNEL` that this selector matches")
	f.StringVarP(&o.Guest.Filesystem, "filesystem", "f", "xfs", "measure on this filesystem profile: `NAME`")
	f.StringVarP(&o.Test, "test", "t", `^splice\.TestWrite/large-clean$`, "measure a cell of the test whose suite.TestName/subtest matches `REGEXP`")
	f.IntVarP(&o.Repetitions, "repetitions", "n", 20, "measure everything `N` times")
	f.IntVar(&o.Held, "held", 50, "hold `N` restored VMs at once to measure their memory")
	a.progressFlag(f)
	f.IntP("jobs", "j", 0, "run `N` VMs at once for throughput (default: from cores and memory)")
	a.bind(f, "jobs", "run.jobs")
	a.vmFlags(f)
	document = output.DocumentFlag(cmd, "bench")
	return cmd
}

func (a *app) bench(ctx context.Context, o bench.Options, document *output.Document) error {
	if o.Repetitions < 1 || o.Held < 1 {
		return usagef("-n %d --held %d: both are at least 1", o.Repetitions, o.Held)
	}
	if o.Guest.Filesystem == "" {
		return usagef("name the filesystem to measure on, for example -f xfs")
	}
	return bench.Measure(ctx, a.session(), a.Stderr, o, func(r bench.Report) error {
		return a.Show(document, r.Document(), func() error { return r.WriteMarkdown(a.Stdout) })
	})
}
