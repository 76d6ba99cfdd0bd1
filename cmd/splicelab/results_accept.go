package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/results/expect"
)

func (a *app) resultsAcceptCommand() *cobra.Command {
	var like expect.Rule
	var policy string
	var dry bool
	cmd := &cobra.Command{
		Use:   "accept [RUN]",
		Short: "Expect a run's failures from now on",
		Long: `accept adds rules to the expectations file, until each failing cell of RUN is
expected to fail as it did. It creates the file if it is missing. Which cells
share a rule: splicelab help comparing.` + runHelp + `

Exit codes: 0 every failing cell is covered; 1 some cell cannot be covered,
because its attempts failed in different ways.`,
		Example: `  splicelab results accept --dry-run
  splicelab results accept latest --reason 'no kernel promises it' --owner ana --until 2027-03-31`,
		Args: cli.Arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			if like.Until != "" {
				end, err := time.Parse(time.DateOnly, like.Until)
				if err != nil || end.AddDate(0, 0, 1).Before(time.Now()) {
					return usagef("--until %s: must be a day to come, like 2027-03-31", like.Until)
				}
			}
			path := a.cfg.Run.Expectations
			if path == "" || path == config.NoExpectations {
				return usagef("name the file for the rules with --expectations FILE")
			}
			left, err := query.Accept(cmd.Context(), a.Stdout, a.session(), path, cli.First(args), policy, like, dry)
			if err != nil {
				return err
			}
			return exit.CellsFailed(left)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&like.Reason, "reason", "", "`REASON` why it is expected (default: the run in which it was observed)")
	f.StringVar(&like.Owner, "owner", "", "`OWNER` who is responsible")
	f.StringVar(&like.Link, "link", "", "`URL` where it is discussed")
	f.StringVar(&like.Until, "until", "", "let the rules expire after `DATE`, YYYY-MM-DD")
	f.BoolVar(&dry, "dry-run", false, "show the resulting file without writing it")
	policyFlag(cmd, &policy)
	a.expectationsFlag(f)
	return cmd
}
