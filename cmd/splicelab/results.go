package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/session"
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

// runsTopic is shown by "splicelab help runs".
func runsTopic() *cobra.Command {
	return cli.Topic("runs", "How to name a stored run", `Wherever a command takes a RUN, it may be

  20261123-201619-965a24f   its id, as splicelab results list shows it
  20261123-2016             a unique prefix of its id
  latest                    the newest run that has finished
  latest~N                  the N-th such run before that
  2026-11-23                a date: the newest such run started by the end of it
  unfinished                the newest run that is running or was interrupted
  @baseline                 the run marked by splicelab results baseline

All but ids and marks are runs of run, nightly and results import. What bisect,
repro, bench and tests compare or prove ran are steps to another end: they are
named by their ids, and left out of results list, of histories and of flake
rates. After run --resume, latest is the newest run in any state.`,
		`  splicelab results show latest
  splicelab results diff latest~1 latest
  splicelab run --resume 20261123-2016`)
}

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
