package main

import (
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
	"github.com/splicelab/splicelab/results/terminal"
)

func (a *app) resultsTimingCommand() *cobra.Command {
	var filter query.Filter
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "timing [RUN]",
		Short: "Show how the time of a run was spent",
		Long: `timing adds up the time spent on a run's attempts by phase: waiting for a worker
(queue), starting QEMU (spawn), loading a template (restore) or booting (boot),
resuming or starting the test process (agent), the test, and collecting its
output and kernel log. Work shared by several cells is charged to the first of
them. The slowest cells are listed.` + runHelp,
		Example: `  splicelab results timing
  splicelab results timing latest -f xfs -t PunchHole`,
		Args: cli.Arguments(0, 1, "a run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			pick, err := filter.Compile()
			if err != nil {
				return err
			}
			return a.withRun(cmd.Context(), cli.First(args), "", func(_ *store.Store, s session.Stored) error {
				cells := slices.DeleteFunc(s.Cells, func(c results.Cell) bool { return !pick(c) })
				return a.Show(document, query.NewTimeUse(s.Run, cells), func() error {
					return a.Draw(cmd.Context(), func(w io.Writer, o terminal.Options) error { return terminal.WriteTiming(w, s.Run, cells, a.AsList(o)) })
				})
			})
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&filter.Kernel, "kernel", "k", "", "only kernels whose release starts with `RELEASE`; 6.12@arm64-16k: and of that flavour")
	f.StringVarP(&filter.Filesystem, "filesystem", "f", "", "only this filesystem profile: `NAME`")
	f.StringVarP(&filter.Tests, "tests", "t", "", "only tests whose name matches `REGEXP`")
	a.WideFlag(cmd)
	document = output.DocumentFlag(cmd, "timing")
	return cmd
}
