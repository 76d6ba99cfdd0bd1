package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results/store"
)

func (a *app) resultsExpectationsCommand() *cobra.Command {
	var policy string
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "expectations [RUN]",
		Short: "Show the effect of each rule of the expectations file on a run",
		Long: `expectations lists the rules of the expectations file, with the number of cells
of RUN that failed as expected, failed in another way, or passed. It marks
useless rules: those that have expired, that match no cell, or whose cells are
all matched by an earlier rule. Check them against a run of the whole suite: a
rule for cells that are not in RUN looks as if it matched none.` + runHelp + `

Exit codes: 0 every rule is useful; 1 some rule is useless.`,
		Example: `  splicelab results expectations
  splicelab results expectations @baseline --expectations ci/expectations.yaml`,
		Args: cli.Arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := a.session().Expectations()
			if err != nil {
				return err
			}
			if e == nil {
				return usagef("there is no expectations file %s: splicelab results accept creates one", sanitize.Line(a.cfg.Run.Expectations))
			}
			return a.withRun(cmd.Context(), cli.First(args), policy, func(_ *store.Store, s session.Stored) error {
				uses := e.Uses(s.Cells, s.Policy)
				all, useless := query.NewRuleUses(uses)
				if err := a.Show(document, all, func() error { return query.WriteUses(a.Stdout, uses) }); err != nil {
					return err
				}
				return exit.CellsFailed(useless)
			})
		},
	}
	cmd.Flags().SortFlags = false
	policyFlag(cmd, &policy)
	document = output.DocumentFlag(cmd, "rule-uses")
	a.expectationsFlag(cmd.Flags())
	return cmd
}
