package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/terminal"
)

func (a *app) resultsFlakyCommand() *cobra.Command {
	var last, top int
	var policy string
	cmd := &cobra.Command{
		Use:   "flaky [RUN…]",
		Short: "List the cells whose result differs between several runs",
		Long: `flaky compares the named runs, or the newest ones, cell by cell: a cell whose
verdict or outcome was not the same in all of them, or in all attempts of one,
is listed with how many of its attempts failed, the 95 % confidence interval of
that, and their results. The most divided come first. A cell that changed once
and stayed so is marked: that is a change rather than a flake. Name runs in the
order of time.` + runHelp + `

Exit codes: 0 every cell was steady; 1 some cell was not.`,
		Example: `  splicelab results flaky
  splicelab results flaky --last 5 --top 0
  splicelab results flaky latest~2 latest~1 latest`,
		Args: arguments(0, maxArguments, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case last < 1:
				return usagef("--last %d: at least one run is needed", last)
			case top < 0:
				return usagef("--top %d: cannot be negative; 0 lists all", top)
			}
			return a.showFlaky(cmd, args, last, top, policy)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVar(&last, "last", history.Depth, "compare the `N` newest runs, or as many as there are")
	f.IntVar(&top, "top", 20, "list at most the `N` worst cells; 0: all")
	policyFlag(cmd, &policy)
	a.expectationsFlag(f)
	return cmd
}

func (a *app) showFlaky(cmd *cobra.Command, names []string, last, top int, policy string) error {
	e, err := a.session().Expectations()
	if err != nil {
		return err
	}
	store, err := a.session().OpenResults()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // only read from
	named := len(names) > 0
	for i := 0; !named && i < last; i++ {
		names = append(names, fmt.Sprintf("latest~%d", i))
	}
	var s history.Steadiness
	for i, name := range names {
		run, err := session.Read(cmd.Context(), store, name, policy)
		if none := (*results.RunError)(nil); !named && i > 0 && errors.As(err, &none) {
			break // there are no more
		}
		if err != nil {
			return err
		}
		// One policy for all, or runs under different ones would differ by that.
		policy = string(run.Policy)
		s.Add(run.Cells, e.Judgement())
	}
	if err := terminal.WriteSteadiness(a.stdout, &s, top); err != nil {
		return err
	}
	if _, unsteady := s.Cells(); len(unsteady) > 0 {
		return &failedError{len(unsteady)}
	}
	return nil
}
