package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/lab/bisect/drive"
	"github.com/splicelab/splicelab/lab/export"
)

func (a *app) bisectCommitsCommand() *cobra.Command {
	var q drive.CommitQuery
	var json string
	cmd := &cobra.Command{
		Use:   "commits -t TEST -f FILESYSTEM --repo REPO --good REF --bad REF [-- PATH…]",
		Short: "Find the commit that changed the outcome of a cell",
		Long: `commits builds and tries what git bisect asks for, between two commits of a
repository, and names the commit that changed the outcome. --good may be the later
one: then it finds a fix. The repository is not touched; paths after -- limit the search to the
commits that change them.

git bisect itself does the search, in a clone that shares the repository's objects, so merges,
skipped commits and the log are as its users know them. A commit that does not
build, does not boot or shows neither outcome is skipped: only the wanted change
counts. The terms are the outcomes. Commits that build the same kernel are tried once.

The configuration is what "kernels build" would make of --base, --fragment,
--option and --patch, the same at every commit: by default just what the lab needs, so that a step
takes a minute or two. Objects are kept, so each step compiles what changed.

At the end the parent and the culprit are tried once more in fresh VMs, and where the commit can
be taken back cleanly at the later end, that has to bring the earlier outcome back.

A bisection that was interrupted, or killed, goes on when the same command is given again.

Exit codes: 0 found and verified; 1 no change, only commits that cannot be tried are left, or no
single commit explains the history; 2 bad usage, or ends that cannot be tried, are
swapped, the same or not steady; 3 the lab failed, the disk is full, or it was interrupted.`,
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
					return usagef("%s is missing: name the repository by --repo and both ends by --good and --bad", flag)
				}
			}
			if json != "" {
				if err := export.File(json).Check("json"); err != nil {
					return err
				}
			}
			if err := q.Check(); err != nil {
				return err
			}
			if err := needsCell(cmd); err != nil {
				return err
			}
			show, failed := a.showAnswer(json)
			if err := drive.Commits(cmd.Context(), a.session(), q, a.stderr, show); err != nil {
				return err
			}
			return failed()
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&q.Repo, "repo", "", "search the git repository in `DIR` (required)")
	f.StringVar(&q.Good, "good", "", "`COMMIT` that shows what is wanted (required)")
	f.StringVar(&q.Bad, "bad", "", "`COMMIT` that shows what is not (required)")
	a.searchFlags(cmd, &q.Query, &json)
	f.StringSliceVar(&q.Skip, "skip", nil, "do not try these `COMMITS`")
	f.BoolVar(&q.FirstParent, "first-parent", false, "stay on the main line: name the merge, not a commit in it")
	f.StringVar(&q.Log, "log", "", "write what git bisect replay reads to `FILE`")
	buildFlags(f, &q.Build)
	f.IntVar(&q.Jobs, "build-jobs", 0, "compile `N` files at once (default: as many as there are processors)")
	return cmd
}
