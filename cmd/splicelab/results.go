package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results/format"
	"github.com/splicelab/splicelab/results/store"
)

func (a *app) resultsCommand() *cobra.Command {
	return cli.Group("results", "Look at stored runs, and compare them",
		`  splicelab results list
  splicelab results matrix
  splicelab results show latest -t PunchHole
  splicelab results diff latest~1 latest`,
		a.resultsListCommand(), a.resultsShowCommand(), a.resultsMatrixCommand(), a.resultsMapCommand(), a.resultsPolicyCommand(), a.resultsFindingsCommand(),
		a.resultsDiffCommand(), a.resultsBaselineCommand(), a.resultsAcceptCommand(), a.resultsExpectationsCommand(),
		a.resultsHistoryCommand(), a.resultsFlakyCommand(), a.resultsTimingCommand(),
		a.resultsTrendCommand(), a.resultsExportCommand(), a.resultsImportCommand(), a.resultsPruneCommand())
}

// runHelp refers to the topic on naming runs, in the help of every verb that
// accepts one.
const runHelp = `

How to name a run: splicelab help runs.`

// withRun opens the store and calls do with the named run, or the latest if
// name is empty. If a policy is given, cells are judged by it.
func (a *app) withRun(ctx context.Context, name, policy string, do func(*store.Store, session.Stored) error) error {
	store, err := a.session().OpenResults()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // only read from
	s, err := a.session().ReadJudged(ctx, store, name, policy)
	if err != nil {
		return err
	}
	return do(store, s)
}

// policyFlag lets a verb show a finished run under another policy.
func policyFlag(cmd *cobra.Command, policy *string) {
	cmd.Flags().StringVar(policy, "policy", "", "judge the outcomes by `POLICY`, alias or snapshot (default: the run's own)")
}

// runDocument is the document of a run that was read.
func runDocument(s session.Stored) any {
	return format.JSON(format.Document{Run: s.Run, Cells: s.Cells})
}
