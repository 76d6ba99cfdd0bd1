package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results/store"
	"github.com/splicelab/splicelab/results/terminal"
)

func (a *app) resultsShowCommand() *cobra.Command {
	var filter query.Filter
	var policy string
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "show [RUN]",
		Short: "Show a run's conditions, or all that is known about some of its cells",
		Long: `show tells how a run was made, what it depended on, and which of its cells did
not pass. With -k, -f, -t or --verdict it shows the cells that these pick
instead, each with its attempts, covariates, output and kernel log.` + runHelp,
		Example: `  splicelab results show
  splicelab results show latest --verdict crash
  splicelab results show latest -k 6.12 -f xfs -t PunchHole`,
		Args: cli.Arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			pick, err := filter.Compile()
			if err != nil {
				return err
			}
			return a.withRun(cmd.Context(), cli.First(args), policy, func(store *store.Store, s session.Stored) error {
				if document.Wanted() && !filter.Empty() {
					shown, err := query.ShowCells(cmd.Context(), store, s, pick)
					if err != nil {
						return err
					}
					return document.Write(a.Stdout, shown)
				}
				return a.Show(document, runDocument(s), func() error {
					return a.Draw(cmd.Context(), func(w io.Writer, o terminal.Options) error {
						o = a.AsList(o)
						if filter.Empty() {
							return query.WriteRun(w, s, o)
						}
						return query.WriteCells(cmd.Context(), w, store, s, pick, o)
					})
				})
			})
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&filter.Kernel, "kernel", "k", "", "only kernels whose release starts with `RELEASE`; 6.12@arm64-16k: and of that flavour")
	f.StringVarP(&filter.Filesystem, "filesystem", "f", "", "only this filesystem profile: `NAME`")
	f.StringVarP(&filter.Tests, "tests", "t", "", "only tests whose name matches `REGEXP`")
	f.StringVar(&filter.Verdict, "verdict", "", "only cells with one of these `VERDICTS`: pass, fail, skip, crash, hang, boot-fail, infra")
	a.WideFlag(cmd)
	policyFlag(cmd, &policy)
	document = output.DocumentFlag(cmd, "run")
	a.expectationsFlag(cmd.Flags())
	return cmd
}
