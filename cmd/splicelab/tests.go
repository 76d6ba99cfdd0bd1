package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/config"
)

func (a *app) testsCommand() *cobra.Command {
	return cli.Group("tests", "List the tests, describe them, and test the tests", `  splicelab tests list
  splicelab tests show B8
  splicelab tests prove -k 6.12 -f xfs`, a.testsListCommand(), a.testsShowCommand(), a.testsProveCommand(), a.testsCompareCommand())
}

// chosen selects the tests and suites that a verb operates on.
type chosen struct {
	pattern  string
	priority int
	from     []string // packages and binaries of user suites
}

// flags defines the flags that select tests; doing names the operation, for
// help.
func (c *chosen) flags(f *pflag.FlagSet, doing string) {
	f.StringVarP(&c.pattern, "tests", "t", "", doing+" the tests whose suite.TestName/subtest matches `REGEXP`")
	fromFlag(f, &c.from)
	f.IntVar(&c.priority, "priority", config.LowestPriority, doing+" the tests of priority 0, the highest, to `N`")
}

// fromFlag defines the flag that names user suites.
func fromFlag(f *pflag.FlagSet, from *[]string) {
	f.StringArrayVar(from, "tests-from", nil, "take the tests of `SOURCE`: a Go package's directory or import path, a test binary, a static program, or a C file (repeatable)")
}

// suites lists the tests of the test binaries and keeps the selected ones.
func (a *app) suites(ctx context.Context, c chosen) ([]protocol.Suite, error) {
	return a.session().Tests(ctx, c.pattern, c.priority, c.from)
}
