package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/config"
	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/lab/plan"
)

func (a *app) bisectCommand() *cobra.Command {
	return group("bisect", "Find where the outcome of a cell changed",
		`  splicelab bisect packages -t 'TestSendfileWrite/large-clean' -f xfs --good 5.10 --bad 6.1
  splicelab bisect packages -t 'TestSendfileWrite/large-clean' -f xfs --series 6.12
  splicelab bisect commits -t 'TestWrite/small-clean' -f ext4 --repo ~/linux --good v6.12 --bad v6.13
  splicelab bisect config -t 'TestWrite/small-clean' -f ext4 --tree ~/linux --good-config lab --bad-config kernel:6.12`,
		a.bisectPackagesCommand(), a.bisectCommitsCommand(), a.bisectConfigCommand())
}

// search is what every bisection is asked.
type search struct {
	good, bad  string
	term       string
	confidence float64
	tries      int
	fresh      bool
	json       string
	from       []string // packages of own tests
}

func (a *app) searchFlags(cmd *cobra.Command, s *search) {
	f := cmd.Flags()
	f.SortFlags = false
	defaults := config.Default().Run
	f.StringP("tests", "t", "", "bisect the cell whose suite.TestName/subtest matches `REGEXP`; it must be one alone (required)")
	f.StringP("filesystems", "f", "", "on this filesystem profile: `NAME` (required)")
	fromFlag(f, &s.from)
	f.StringVar(&s.term, "term", "", "look for this change: `GOOD..BAD`, outcomes or verdicts such as snapshot..zeroed (default: what the ends differ in)")
	f.Float64Var(&s.confidence, "confidence", 0.99, "be right with this `PROBABILITY`")
	f.IntVar(&s.tries, "tries", 100, "try one kernel at most `N` times")
	f.BoolVar(&s.fresh, "fresh", false, "begin anew, even where an unfinished bisection could go on")
	f.StringVar(&s.json, "json", "", "write the answer as JSON to `FILE` (- is standard output)")
	f.String("policy", defaults.Policy, "`POLICY` that says which outcomes pass: snapshot or alias")
	f.IntP("jobs", "j", 0, "run `N` VMs at once (default: from cores and memory)")
	for _, name := range []string{"tests", "filesystems", "policy", "jobs"} {
		a.bind(f, name, "run."+name)
	}
	a.vmFlags(f)
	a.completeSelections(cmd)
}

// check refuses what can be refused before anything is fetched.
func (s *search) check() error {
	if !(s.confidence > 0 && s.confidence < 1) {
		return usagef("--confidence %g: a probability above 0 and below 1, such as 0.99", s.confidence)
	}
	if s.tries < 1 {
		return usagef("--tries %d: at least once", s.tries)
	}
	if s.term != "" {
		if _, err := bisect.ParseTerms(s.term); err != nil {
			return usagef("--term %s", err)
		}
	}
	return nil
}

// oneCell makes sure that tests and filesystem name a single cell.
func (a *app) oneCell(ctx context.Context, cmd *cobra.Command, from []string) (selection, error) {
	for _, name := range []string{"tests", "filesystems"} {
		if !cmd.Flags().Changed(name) {
			return selection{}, usagef("say which cell: -t TEST and -f FILESYSTEM; splicelab tests list shows the tests")
		}
	}
	a.cfg.Run.Priority = config.LowestPriority
	tests, err := a.selectTests(ctx, from)
	if err != nil {
		return selection{}, err
	}
	refuse := func(err error) (selection, error) {
		tests.release()
		return selection{}, err
	}
	if len(tests.profiles) != 1 {
		return refuse(usagef("-f %s names %d filesystems: name one", a.cfg.Run.Filesystems, len(tests.profiles)))
	}
	pattern, err := regexp.Compile(tests.pattern)
	if err != nil {
		return refuse(usagef("-t: %s", err))
	}
	var found []string
	for _, s := range tests.suites {
		for _, t := range plan.Expand(s) {
			if pattern.MatchString(t.Name()) {
				found = append(found, t.Name())
			}
		}
	}
	if len(found) != 1 {
		return refuse(usagef("-t %s names %d cells: name one, for example -t '^%s$'", a.cfg.Run.Tests, len(found), regexp.QuoteMeta(found[0])))
	}
	tests.pattern = "^" + regexp.QuoteMeta(found[0]) + "$"
	tests.cell = found[0]
	return tests, nil
}

// journal opens the memory of a search. question is what its answer depends
// on beside the flags that all searches have.
func (a *app) journal(kind string, s search, tests selection, question map[string]string) (*bisect.Journal, error) {
	q := map[string]string{
		"kind": kind, "test": tests.pattern, "filesystem": a.cfg.Run.Filesystems, "term": s.term,
		"confidence": fmt.Sprint(s.confidence), "tries": fmt.Sprint(s.tries), "policy": a.cfg.Run.Policy,
		"memory": fmt.Sprint(a.cfg.VM.Memory), "cpus": fmt.Sprint(a.cfg.VM.CPUs), "kernel arguments": a.cfg.VM.KernelArgs,
		"splicelab": buildVersion(),
	}
	for k, v := range question {
		q[k] = v
	}
	j, err := bisect.OpenJournal(filepath.Join(a.cfg.State, "bisect"), q, s.fresh)
	if err != nil {
		return nil, err
	}
	if j.Resumed {
		fmt.Fprintf(a.stderr, "going on with what was begun at %s; --fresh begins anew\n", j.Begun().Format("2006-01-02 15:04 MST"))
	}
	if terms, err := bisect.ParseTerms(s.term); err == nil && j.Terms() == (bisect.Terms{}) {
		if err := j.SetTerms(terms); err != nil {
			return nil, errors.Join(err, j.Close())
		}
	}
	return j, nil
}
