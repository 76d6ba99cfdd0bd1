package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/bisect/drive"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/export"
)

func (a *app) bisectCommand() *cobra.Command {
	return cli.Group("bisect", "Find where the outcome of a cell changed",
		`  splicelab bisect packages -t 'TestSendfileWrite/large-clean' -f xfs --good 5.10 --bad 6.1
  splicelab bisect packages -t 'TestSendfileWrite/large-clean' -f xfs --series 6.12
  splicelab bisect commits -t 'TestWrite/small-clean' -f ext4 --repo ~/linux --good v6.12 --bad v6.13
  splicelab bisect config -t 'TestWrite/small-clean' -f ext4 --tree ~/linux --good-config lab --bad-config kernel:6.12`,
		a.bisectPackagesCommand(), a.bisectCommitsCommand(), a.bisectConfigCommand())
}

// answerFlags are where the answer of a search goes.
type answerFlags struct {
	json   string // file for the answer in JSON; empty: none
	output *output.Document
}

// searchFlags defines the flags common to every bisection. They set q and
// answer; schema is that of the answer.
func (a *app) searchFlags(cmd *cobra.Command, q *drive.Query, answer *answerFlags, schema string) {
	f := cmd.Flags()
	f.SortFlags = false
	defaults := config.Default().Run
	f.StringP("tests", "t", "", "bisect the cell whose suite.TestName/subtest matches `REGEXP`; it must match exactly one (required)")
	f.StringP("filesystems", "f", "", "on this filesystem profile: `NAME` (required)")
	fromFlag(f, &q.From)
	f.StringVar(&q.Term, "term", "", "look for this change: `GOOD..BAD`, outcomes or verdicts such as snapshot..zeroed (default: the difference between the ends)")
	f.Float64Var(&q.Confidence, "confidence", 0.99, "`PROBABILITY` that the answer is right")
	f.IntVar(&q.Tries, "tries", 100, "try one kernel at most `N` times")
	f.BoolVar(&q.Fresh, "fresh", false, "start over, even if an unfinished bisection could be resumed")
	answer.output = output.DocumentFlag(cmd, schema)
	f.StringVar(&answer.json, "json", "", "write the answer as JSON to `FILE` (- is standard output)")
	f.String("policy", defaults.Policy, "`POLICY` that decides which outcomes pass: alias or snapshot")
	f.IntP("jobs", "j", 0, "run `N` VMs at once (default: from cores and memory)")
	for _, name := range []string{"tests", "filesystems", "policy", "jobs"} {
		a.bind(f, name, "run."+name)
	}
	a.progressFlag(f)
	a.vmFlags(f)
}

// needsCell rejects a search that does not specify a cell.
func needsCell(cmd *cobra.Command) error {
	for _, name := range []string{"tests", "filesystems"} {
		if !cmd.Flags().Changed(name) {
			return usagef("name the cell with -t TEST and -f FILESYSTEM; splicelab tests list shows the tests")
		}
	}
	return nil
}

// showAnswer returns a function that prints the answer of a search and then
// returns the error that sets the exit code.
func (a *app) showAnswer(to answerFlags) (show func(drive.Answer) error, failed func() error) {
	found := true
	show = func(answer drive.Answer) error {
		if !to.output.Wanted() {
			out := a.HumanOut(to.json == string(export.Stdout))
			answer.Write(out, a.TerminalOptions(out).Color)
		}
		found = answer.Found()
		return a.WriteDocument(to.output, export.File(to.json), answer.JSON())
	}
	return show, func() error {
		if !found {
			return exit.CellsFailed(1)
		}
		return nil
	}
}
