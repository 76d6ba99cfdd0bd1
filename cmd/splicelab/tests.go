package main

import (
	"context"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/internal/config"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/program"
	"github.com/splicelab/splicelab/lab/suite"
)

func (a *app) testsCommand() *cobra.Command {
	return group("tests", "List the tests, describe them, and test the tests", `  splicelab tests list
  splicelab tests show B8
  splicelab tests prove -k 6.12 -f xfs`, a.testsListCommand(), a.testsShowCommand(), a.testsProveCommand(), a.testsCompareCommand())
}

// chosen is which tests of which suites a verb is about.
type chosen struct {
	pattern  string
	priority int
	from     []string // packages and binaries of the user's own tests
}

// flags defines the flags that choose tests; doing is what is done with them.
func (c *chosen) flags(f *pflag.FlagSet, doing string) {
	f.StringVarP(&c.pattern, "tests", "t", "", doing+" the tests whose suite.TestName/subtest matches `REGEXP`")
	fromFlag(f, &c.from)
	f.IntVar(&c.priority, "priority", config.LowestPriority, doing+" the tests of priority 0, the highest, to `N`")
}

// fromFlag defines the flag that names the user's own tests.
func fromFlag(f *pflag.FlagSet, from *[]string) {
	f.StringArrayVar(from, "tests-from", nil, "take the tests of `WHAT`: a Go package's directory or import path, a test binary, a static program, or a C file (repeatable)")
}

// suites asks the test binaries for their tests, and keeps the chosen ones.
func (a *app) suites(ctx context.Context, c chosen) ([]protocol.Suite, error) {
	if _, err := regexp.Compile(c.pattern); err != nil {
		return nil, usagef("-t %q is not a regular expression: %s", c.pattern, err)
	}
	suites, own, release, err := a.allSuites(ctx, c.from)
	if err != nil {
		return nil, err
	}
	release() // nothing is run
	c.pattern = ownPattern(c.pattern, own)
	if err := matched(suites, c); err != nil {
		return nil, err
	}
	return matchingTests(plan.UpTo(suites, c.priority), regexp.MustCompile(c.pattern)), nil
}

// allSuites are the suites of the guest directory and the user's own. What
// was compiled of these is gone after release.
func (a *app) allSuites(ctx context.Context, from []string) (suites []protocol.Suite, own []suite.User, release func(), err error) {
	suites, err = suite.List(ctx, a.cfg.GuestDir)
	if err != nil || len(from) == 0 {
		return suites, nil, func() {}, err
	}
	dir, release, err := program.TempDir(a.cfg.Cache)
	if err != nil {
		return nil, nil, nil, err
	}
	if own, err = suite.FromUser(ctx, a.cfg.GuestDir, dir, from, suites); err != nil {
		release()
		return nil, nil, nil, err
	}
	for _, s := range own {
		suites = append(suites, s.Suite)
	}
	return suites, own, release, nil
}

// ownPattern is the pattern where own tests are named and nothing else is:
// exactly those.
func ownPattern(pattern string, own []suite.User) string {
	if pattern != "" || len(own) == 0 {
		return pattern
	}
	var names []string
	for _, s := range own {
		names = append(names, regexp.QuoteMeta(s.Name))
	}
	return `^(` + strings.Join(names, "|") + `)\.`
}

// matched makes sure that there is a chosen test: an error that lists near
// names, or says that only the priority is in the way.
func matched(suites []protocol.Suite, c chosen) error {
	if _, err := plan.New(nil, nil, suites, c.pattern); err != nil {
		return err
	}
	if _, err := plan.New(nil, nil, plan.UpTo(suites, c.priority), c.pattern); err != nil {
		return usagef("no test that matches %q is of priority %d or higher: see --priority", c.pattern, c.priority)
	}
	return nil
}

// matchingTests keeps the tests, and of each the cells, whose name matches.
func matchingTests(suites []protocol.Suite, re *regexp.Regexp) []protocol.Suite {
	var kept []protocol.Suite
	for _, s := range suites {
		var tests []protocol.Test
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

// cellsOf is how many cells a test is on one kernel and filesystem.
func cellsOf(t protocol.Test) int { return max(len(t.Cells), 1) }

// orDash is what a table shows for a text that may be empty.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
