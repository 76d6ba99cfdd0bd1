package main

import (
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"splicelab/lab"
	"splicelab/lab/wire"
	"splicelab/results"
)

func (a *app) testsCommand() *cobra.Command {
	return group("tests", "List the tests", `  splicelab tests list`, a.testsListCommand())
}

func (a *app) testsListCommand() *cobra.Command {
	var pattern string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the tests, what each asks, and how many cells it has",
		Long: `list shows each test: its name, its number in the catalogue, whether it is an
invariant (which fails on what no policy allows) or a characterisation (which
the run's policy judges), its priority (0 is the highest), how many cells it is
on one kernel and filesystem, and what it asks. The suite selftest misbehaves on
purpose; a run has it only if its pattern names it.`,
		Example: `  splicelab tests list
  splicelab tests list -t 'splice.*Hole'
  splicelab tests list --json`,
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			re, err := regexp.Compile(pattern)
			if err != nil {
				return usagef("-t %q is not a regular expression: %s", pattern, err)
			}
			suites, err := lab.Suites(cmd.Context(), a.cfg.GuestDir)
			if err != nil {
				return err
			}
			matching := matchingTests(suites, re)
			if len(matching) == 0 {
				// The plan's error lists near names.
				_, err := lab.NewPlan(nil, nil, suites, pattern)
				return err
			}
			if asJSON {
				return a.writeJSON(matching)
			}
			return a.writeTests(matching)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVarP(&pattern, "tests", "t", "", "list the tests whose suite.TestName/subtest matches `REGEXP`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON array of suites to standard output")
	return cmd
}

// matchingTests keeps the tests, and of each the cells, whose name matches.
func matchingTests(suites []wire.Suite, re *regexp.Regexp) []wire.Suite {
	var kept []wire.Suite
	for _, s := range suites {
		var tests []wire.Test
		for _, t := range s.Tests {
			name := s.Name + "." + t.Name
			var cells []string
			for _, c := range t.Cells {
				if re.MatchString(name + "/" + c) {
					cells = append(cells, c)
				}
			}
			if len(cells) > 0 || len(t.Cells) == 0 && re.MatchString(name) {
				t.Cells = cells
				tests = append(tests, t)
			}
		}
		if len(tests) > 0 {
			s.Tests = tests
			kept = append(kept, s)
		}
	}
	return kept
}

func (a *app) writeTests(suites []wire.Suite) error {
	w := newTable(a.stdout)
	fmt.Fprintln(w, "TEST\tID\tKIND\tPRIORITY\tCELLS\tASKS")
	for _, s := range suites {
		for _, t := range s.Tests {
			id := t.ID
			if id == "" {
				id = "-"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\tP%d\t%d\t%s\n", results.CleanLine(s.Name+"."+t.Name), results.CleanLine(id), results.CleanLine(t.Kind),
				t.Priority, max(len(t.Cells), 1), results.CleanLine(t.Doc))
		}
	}
	return w.Flush()
}
