package main

import (
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results/expect"
	"github.com/splicelab/splicelab/results/store"
)

func (a *app) resultsExpectationsCommand() *cobra.Command {
	var policy string
	cmd := &cobra.Command{
		Use:   "expectations [RUN]",
		Short: "Show what each rule of the expectations file does for a run",
		Long: `expectations lists the rules of the expectations file, with how many cells of
RUN failed as expected, failed in another way, or passed. It marks the rules that
are of no use: those that have expired, that match no cell, or whose cells are all
matched by an earlier rule. Check them against a run of the whole suite: a rule for
cells that the run did not cover looks as if it matched none.` + runHelp + `

Exit codes: 0 every rule is of use; 1 some is not.`,
		Example: `  splicelab results expectations
  splicelab results expectations @baseline --expectations ci/expectations.yaml`,
		Args: arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := a.session().Expectations()
			if err != nil {
				return err
			}
			if e == nil {
				return usagef("there is no expectations file %s: splicelab results accept makes one", sanitize.Line(a.cfg.Run.Expectations))
			}
			return a.withRun(cmd.Context(), first(args), policy, func(_ *store.Store, s session.Stored) error {
				return a.showUses(e.Uses(s.Cells, s.Policy))
			})
		},
	}
	cmd.Flags().SortFlags = false
	policyFlag(cmd, &policy)
	a.expectationsFlag(cmd.Flags())
	return cmd
}

func (a *app) showUses(uses []expect.Use) error {
	w := text.NewTable(a.stdout)
	fmt.Fprintln(w, "LINE\tTEST\tFILESYSTEM\tKERNELS\tEXPECTED\tCAME SO\tFAILED\tPASSED\tPROBLEM")
	useless := 0
	for _, u := range uses {
		if u.Problem != "" {
			useless++
		}
		r := u.Rule
		some := func(names []string) string {
			switch {
			case len(names) == 0:
				return "*"
			case len(names) > 3:
				return sanitize.Line(fmt.Sprintf("%s and %d more", names[0], len(names)-1))
			}
			return sanitize.Line(strings.Join(names, ","))
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n", r.Line, some(r.Test), some(r.Filesystem), some(r.Kernels),
			strings.TrimSpace(string(r.Verdict)+" "+string(r.Outcome)), u.Expected, u.Failed, u.Passed, sanitize.Line(u.Problem))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if useless > 0 {
		return &failedError{useless}
	}
	return nil
}
