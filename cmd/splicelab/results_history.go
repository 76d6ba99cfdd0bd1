package main

import (
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
)

func (a *app) resultsHistoryCommand() *cobra.Command {
	var last int
	var series bool
	var policy string
	cmd := &cobra.Command{
		Use:   "history KERNEL/FILESYSTEM/TEST",
		Short: "Show the verdicts of a cell in the runs that have it",
		Long: `history lists the verdict of a cell in the newest runs that have it, newest first,
and how many of its attempts failed, with the 95 % confidence interval of that.
KERNEL is a release, or what one begins with up to where a number ends: 6.12 is
the newest of the series that some run has. --series lists the cell on all
kernels of the series instead.`,
		Example: `  splicelab results history 6.12/xfs/splice.TestPunchHoleInPage/large-clean
  splicelab results history 6.12/xfs/splice.TestPunchHoleInPage/large-clean --series --last 50`,
		Args: arguments(1, 1, "a cell, KERNEL/FILESYSTEM/TEST"),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, ok := parseCell(args[0])
			switch {
			case !ok:
				return usagef("%q is not a cell: write KERNEL/FILESYSTEM/TEST, for example 6.12/xfs/splice.TestWrite/small-clean", args[0])
			case last < 1:
				return usagef("--last %d: at least one run is needed", last)
			}
			var p outcome.Policy
			if policy != "" {
				var err error
				if p, err = outcome.ParsePolicy(policy); err != nil {
					return usagef("--policy: %s", err)
				}
			}
			return a.showHistory(cmd, key, last, series, p)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVar(&last, "last", history.Depth, "show at most the `N` newest")
	f.BoolVar(&series, "series", false, "show the cell on all kernels of the series")
	policyFlag(cmd, &policy)
	a.expectationsFlag(f)
	return cmd
}

func (a *app) showHistory(cmd *cobra.Command, key results.CellKey, last int, series bool, policy outcome.Policy) error {
	ctx := cmd.Context()
	e, err := a.session().Expectations()
	if err != nil {
		return err
	}
	store, err := a.session().OpenResults()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // only read from
	found, ok, err := history.FindCell(ctx, store, key)
	switch {
	case err != nil:
		return err
	case !ok:
		return usagef("no stored run has the cell %s/%s/%s; splicelab results show lists cells", key.Kernel, key.FS, key.Test)
	}
	read := history.Of
	if series {
		read = history.OfSeries
	}
	past, err := read(ctx, store, found, nil, last)
	if err != nil {
		return err
	}
	fails := e.Judgement()
	var rate history.Rate
	title := found.String()
	if series {
		title = results.CellKey{Kernel: results.Series(found.Kernel), FS: found.FS, Test: found.Test}.String()
	}
	fmt.Fprintln(a.stdout, sanitize.Line(title))
	w := text.NewTable(a.stdout)
	fmt.Fprintln(w, "RUN\tSTARTED\tKERNEL\tVERDICT\tOUTCOME\tFAILED\tDETAIL")
	for _, p := range past {
		under := policy
		if under == "" {
			under = p.Run.Policy
		}
		cells := results.Show([]results.Cell{p.Cell}, under)
		e.Apply(cells, under)
		c := cells[0]
		of := history.RateOf(&c, fails)
		rate = rate.Plus(of)
		failed := ""
		if of.Attempts > 0 {
			failed = fmt.Sprintf("%d/%d", of.Failed, of.Attempts)
		}
		detail := strings.TrimPrefix(c.Detail+"; "+c.Why, "; ")
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Run.ID, p.Run.Started.Local().Format("2006-01-02 15:04"), sanitize.Line(c.Kernel),
			verdictWord(c), sanitize.Line(string(c.Outcome)), failed, sanitize.Line(strings.TrimSuffix(detail, "; ")))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "failed: %s\n", rate)
	return err
}
