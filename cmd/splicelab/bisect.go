package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"splicelab/cmd/splicelab/config"
	"splicelab/lab"
	"splicelab/lab/bisect"
	"splicelab/outcome"
	"splicelab/results"
)

func (a *app) bisectCommand() *cobra.Command {
	return group("bisect", "Find where the outcome of a cell changed",
		`  splicelab bisect packages -t 'TestSendfileWrite/large-clean' -f xfs --good 5.10 --bad 6.1
  splicelab bisect packages -t 'TestSendfileWrite/large-clean' -f xfs --series 6.12`,
		a.bisectPackagesCommand())
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
		for _, t := range lab.Expand(s) {
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

// attempter runs the attempts of a search.
type attempter struct {
	lab      *lab.Lab
	store    *results.Store
	tests    selection
	say      *progress
	journal  *bisect.Journal
	controls map[string]bool // kernels whose control cells have run
}

// attempts runs the search's cell n times on a kernel, each in a fresh VM, and
// returns what was seen. The first time its control cells run too.
func (b *attempter) attempts(ctx context.Context, plan lab.Plan, n int) ([]bisect.Seen, error) {
	release := plan.Kernels[0].Release
	if b.controls[release] {
		plan.Tests = slices.DeleteFunc(plan.Tests, func(t lab.PlannedTest) bool { return t.Name() != b.tests.cell })
	}
	plan.Repeat = n
	run, err := b.lab.Run(ctx, plan, notices{b.say})
	if run.ID == "" {
		return nil, err
	}
	b.journal.AddRun(run.ID)
	var infra *lab.InfraError
	if err != nil && (!errors.As(err, &infra) || len(infra.Control) > 0 || ctx.Err() != nil) {
		return nil, err
	}
	if b.controls == nil {
		b.controls = map[string]bool{}
	}
	b.controls[release] = true
	all, aerr := b.store.Attempts(ctx, run.ID, results.CellKey{Kernel: release, FS: b.tests.profiles[0].Name, Test: b.tests.cell})
	if aerr != nil {
		return nil, aerr
	}
	var seen []bisect.Seen
	for _, at := range all {
		if at.Verdict != outcome.Infra {
			seen = append(seen, bisect.Seen{Verdict: at.Verdict, Outcome: at.Outcome})
		}
	}
	if len(seen) == 0 && err != nil {
		return nil, err
	}
	return seen, nil
}

// notices passes on what a run has to say, and not how far it is.
type notices struct{ out *progress }

// Event implements lab.Observer.
func (n notices) Event(e lab.Event) {
	switch {
	case e.Kind == lab.EventNotice:
		_, _ = fmt.Fprintln(n.out, results.CleanLine(e.Text)) // the run does not depend on it
	case e.Kind == lab.EventRetry:
		_, _ = fmt.Fprintln(n.out, noteOf(e))
	}
}

// mentions reports whether a line of a changelog speaks of one of words.
func mentions(line string, words []string) bool {
	low := strings.ToLower(line)
	for _, w := range words {
		if i := strings.Index(low, w); i >= 0 && !within(low, i, len(w)) {
			return true
		}
	}
	return false
}

// within reports whether the word at i is only a part of a longer one.
func within(s string, i, n int) bool {
	letter := func(j int) bool { return j >= 0 && j < len(s) && s[j] >= 'a' && s[j] <= 'z' }
	return letter(i-1) || letter(i+n)
}
