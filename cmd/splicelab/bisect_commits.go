package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/lab/bisect/drive"
	"github.com/splicelab/splicelab/lab/export"
)

func (a *app) bisectCommitsCommand() *cobra.Command {
	var q drive.CommitQuery
	var to answerFlags
	cmd := &cobra.Command{
		Use:   "commits -t TEST -f FILESYSTEM --repo REPO --good REF --bad REF [-- PATH…]",
		Short: "Find the commit that changed the outcome of a cell",
		Long: `commits builds and tests the commits that git bisect selects between two commits
of a repository, and names the commit that changed the outcome. The repository
is not modified. Paths after -- limit the search to commits that change them.
The same command resumes a search. More: splicelab help bisection.

Exit codes: 0 found and verified; 1 no change, only untestable commits are left,
or no single commit explains the history; 2 bad usage, or the ends are
untestable, swapped, equal or flaky; 3 the lab failed.`,
		Example: `  splicelab bisect commits -t 'TestWrite/small-clean' -f ext4 --repo ~/linux --good v6.12 --bad v6.13
  splicelab bisect commits -t 'TestPunchHoleInPage/large-clean' -f xfs --repo ~/linux --good v6.1 --bad v6.6 --term zeroed..phantom-zero -- mm fs/xfs`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if dash := cmd.ArgsLenAtDash(); dash > 0 || dash < 0 && len(args) > 0 {
				return usagef("%s does not take the argument %q: paths go after --", cmd.CommandPath(), args[0])
			}
			q.Paths = args
			for flag, value := range map[string]string{"--repo": q.Repo, "--good": q.Good, "--bad": q.Bad} {
				if value == "" {
					return usagef("%s is missing: name the repository with --repo and both ends with --good and --bad", flag)
				}
			}
			if to.json != "" {
				if err := export.File(to.json).Check("json"); err != nil {
					return err
				}
			}
			if err := q.Check(); err != nil {
				return err
			}
			if err := needsCell(cmd); err != nil {
				return err
			}
			show, failed := a.showAnswer(to)
			if err := drive.Commits(cmd.Context(), a.session(), q, a.Stderr, show); err != nil {
				return err
			}
			return failed()
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&q.Repo, "repo", "", "search the git repository in `DIR` (required)")
	f.StringVar(&q.Good, "good", "", "good `COMMIT` (required)")
	f.StringVar(&q.Bad, "bad", "", "bad `COMMIT` (required)")
	a.searchFlags(cmd, &q.Query, &to, "bisect-commits")
	f.StringSliceVar(&q.Skip, "skip", nil, "do not test these `COMMITS`")
	f.BoolVar(&q.FirstParent, "first-parent", false, "follow only first parents: name the merge, not a commit in it")
	f.StringVar(&q.Log, "log", "", "write a log for git bisect replay to `FILE`")
	buildFlags(f, &q.Build)
	f.IntVar(&q.Jobs, "build-jobs", 0, "compile `N` files at once (default: the number of CPUs)")
	return cmd
}
