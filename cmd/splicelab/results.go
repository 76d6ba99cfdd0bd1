package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results/store"
)

func (a *app) resultsCommand() *cobra.Command {
	return group("results", "Look at stored runs, and compare them",
		`  splicelab results list
  splicelab results matrix
  splicelab results show latest -t PunchHole
  splicelab results diff latest~1 latest`,
		a.resultsListCommand(), a.resultsShowCommand(), a.resultsMatrixCommand(), a.resultsPolicyCommand(), a.resultsFindingsCommand(),
		a.resultsDiffCommand(), a.resultsBaselineCommand(), a.resultsAcceptCommand(), a.resultsExpectationsCommand(),
		a.resultsHistoryCommand(), a.resultsFlakyCommand(), a.resultsTimingCommand(), a.resultsExportCommand(), a.resultsImportCommand(), a.resultsPruneCommand())
}

// runHelp says how runs are named; it ends the help of verbs that take one.
const runHelp = `

A run is named by its id, the beginning of its id, latest, latest~N for the N-th
before that, a date for the newest run that had begun by then, or @baseline.`

// withRun opens the store and hands the named run, the latest when name is
// empty, to do. A policy shows its cells under that one.
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
	cmd.Flags().StringVar(policy, "policy", "", "judge the outcomes by `POLICY`, snapshot or alias (default: the run's own)")
}

// first is the first argument, or "".
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
