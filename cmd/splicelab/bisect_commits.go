package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab/bisect"
)

// commitSearch is what a bisection of commits is asked beside the search's own.
type commitSearch struct {
	search
	repo        string
	skip        []string
	paths       []string
	firstParent bool
	log         string
	build       source.Build
	jobs        int
}

func (a *app) bisectCommitsCommand() *cobra.Command {
	var q commitSearch
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
			q.paths = args
			if err := q.check(); err != nil {
				return err
			}
			for flag, value := range map[string]string{"--repo": q.repo, "--good": q.good, "--bad": q.bad} {
				if value == "" {
					return usagef("%s is missing: name the repository by --repo and both ends by --good and --bad", flag)
				}
			}
			for _, path := range []string{q.json, q.log} {
				if path == "" {
					continue
				}
				if err := (reportFile{path: path}).writable(); err != nil {
					return usagef("%s: %s; name a file in a directory that can be written", path, err)
				}
			}
			q.build.Name, q.build.Tree, q.build.Ref = "bisect", q.repo, q.bad
			if err := q.build.Validate(); err != nil {
				return err
			}
			tests, err := a.oneCell(cmd.Context(), cmd, q.from)
			if err != nil {
				return err
			}
			defer tests.release()
			return a.bisectCommits(cmd.Context(), q, tests)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&q.repo, "repo", "", "search the git repository in `DIR` (required)")
	f.StringVar(&q.good, "good", "", "`COMMIT` that shows what is wanted (required)")
	f.StringVar(&q.bad, "bad", "", "`COMMIT` that shows what is not (required)")
	a.searchFlags(cmd, &q.search)
	f.StringSliceVar(&q.skip, "skip", nil, "do not try these `COMMITS`")
	f.BoolVar(&q.firstParent, "first-parent", false, "stay on the main line: name the merge, not a commit in it")
	f.StringVar(&q.log, "log", "", "write what git bisect replay reads to `FILE`")
	buildFlags(f, &q.build)
	f.IntVar(&q.jobs, "build-jobs", 0, "compile `N` files at once (default: as many as there are processors)")
	return cmd
}

func (a *app) bisectCommits(ctx context.Context, q commitSearch, tests selection) error {
	s, err := a.startSearch(ctx, tests)
	if err != nil {
		return err
	}
	defer s.close()
	repo, err := filepath.Abs(q.repo)
	if err != nil {
		return err
	}
	b := q.build
	journal, err := a.journal("commits", q.search, tests, map[string]string{"repo": repo, "good": q.good, "bad": q.bad,
		"skip": strings.Join(q.skip, " "), "paths": strings.Join(q.paths, " "), "first parent": fmt.Sprint(q.firstParent),
		"base": b.Base, "fragments": strings.Join(b.Fragments, " "), "options": strings.Join(b.Options, " "),
		"patches": strings.Join(b.Patches, " "), "compiler": b.Compiler})
	if err != nil {
		return err
	}
	s.keep(journal)
	s.say.doing("reading the repository")
	history, err := bisect.OpenHistory(ctx, repo, journal.Beside(".git"))
	if err != nil {
		return err
	}
	c := &bisect.Commits{History: history, Paths: q.paths, FirstParent: q.firstParent, PatchFile: journal.Beside(".patch")}
	if err := q.resolve(ctx, c); err != nil {
		return err
	}
	if err := journal.Pin(map[string]string{"good": c.Good.ID, "bad": c.Bad.ID}); err != nil {
		return err
	}
	s.say.doing("")
	w := s.startBuilding(q.jobs)
	w.name = func(subject string) string { return commitName(ctx, history, subject) }
	w.build = func(ctx context.Context, subject string) (kernels.Kernel, error) {
		one := q.build
		commit, takeBack := bisect.SplitSubject(subject)
		if one.Ref = commit; takeBack {
			one.Patches = append([]string{c.PatchFile}, one.Patches...)
		}
		return w.builder.Build(ctx, one)
	}
	c.Judge = s.judge(w, q.search, w.name)
	c.Judge.Identify = w.identify
	c.Left = func(commits, steps int) {
		fmt.Fprintf(s.say, "%d commits left, about %d steps\n", commits, steps)
	}
	found, err := c.Search(ctx)
	s.say.Close()
	if q.log != "" && found.Log != "" {
		if werr := (reportFile{format: "log", path: q.log}).replace([]byte(found.Log)); werr != nil {
			return errors.Join(err, werr)
		}
	}
	answer := &commitAnswer{searching: s, commits: c, culprit: found}
	if err := answer.settle(err); err != nil {
		return err
	}
	answer.write(a.people(q.json == "-"))
	if err := errors.Join(journal.Finish(), history.Remove()); err != nil {
		return err
	}
	if q.json != "" {
		if err := a.writeDocument(q.json, answer.json()); err != nil {
			return err
		}
	}
	if answer.none != nil {
		return &failedError{1}
	}
	return nil
}

// resolve finds the commits that the command line names.
func (q commitSearch) resolve(ctx context.Context, c *bisect.Commits) error {
	var err error
	if c.Good, err = c.History.Commit(ctx, q.good); err != nil {
		return err
	}
	if c.Bad, err = c.History.Commit(ctx, q.bad); err != nil {
		return err
	}
	for _, ref := range q.skip {
		one, err := c.History.Commit(ctx, ref)
		if err != nil {
			return err
		}
		c.Skip = append(c.Skip, one)
	}
	return nil
}

// commitName is a subject for people.
func commitName(ctx context.Context, h *bisect.History, subject string) string {
	id, takeBack := bisect.SplitSubject(subject)
	name := id
	if c, err := h.Commit(context.WithoutCancel(ctx), id); err == nil {
		name = c.Short() + " " + c.Subject
	}
	if takeBack {
		return "the later end with the commit taken back"
	}
	return name
}

// commitAnswer is what a bisection of commits came to.
type commitAnswer struct {
	*searching
	commits *bisect.Commits
	culprit bisect.Culprit
	none    error // why there is no culprit
}

// settle tells answers that are none from errors, which it returns.
func (c *commitAnswer) settle(err error) error {
	var (
		none      *bisect.NoChangeError
		same      *bisect.SameCodeError
		mergeBase *bisect.MergeBaseError
		against   *bisect.ContradictionError
	)
	switch {
	case errors.As(err, &none), errors.As(err, &same), errors.As(err, &mergeBase), errors.As(err, &against):
		c.none = err
	case err != nil:
		return err
	case c.culprit.Commit.ID == "":
		c.none = fmt.Errorf("only commits that cannot be tried are left: it is one of %d", len(c.culprit.Candidates))
	}
	return nil
}

func (c *commitAnswer) write(w io.Writer) {
	clean := sanitize.Line
	for _, d := range c.culprit.Steps {
		fmt.Fprintf(w, "  %-7s %s %s  %s\n", d.Side, d.Commit.Short(), clean(d.Commit.Subject), c.showTally(d.Commit.ID))
	}
	if len(c.culprit.Steps) > 0 {
		fmt.Fprintln(w)
	}
	if c.none != nil {
		fmt.Fprintln(w, clean(c.none.Error()))
		for _, one := range c.culprit.Candidates {
			fmt.Fprintf(w, "  %s %s  %s\n", one.Short(), clean(one.Subject), c.showTally(one.ID))
		}
		return
	}
	found, terms := c.culprit.Commit, c.journal.Terms()
	was, is := terms.Good, terms.Bad
	if c.culprit.Later == bisect.Good {
		was, is = is, was
	}
	fmt.Fprintf(w, "%s on %s: %s becomes %s with\n\n", c.tests.cell, c.tests.profiles[0].Name, was, is)
	fmt.Fprintf(w, "  commit %s\n  Author: %s\n  Date:   %s\n\n      %s\n\n", found.ID, clean(found.Author), clean(found.Date), clean(found.Subject))
	for line := range strings.Lines(c.culprit.Stat) {
		fmt.Fprintf(w, "  %s\n", clean(strings.TrimRight(line, "\n")))
	}
	fmt.Fprintf(w, "\n  %s  the commit\n", c.journal.Tally(found.ID))
	for _, p := range found.Parents {
		fmt.Fprintf(w, "  %s  its parent %s\n", c.showTally(p), p[:12])
	}
	switch t := c.culprit.TakenBack; {
	case t.Side == bisect.Neither:
		fmt.Fprintf(w, "  not tried: the later end with the commit taken back: %s\n", clean(t.Reason))
	case t.Side == c.culprit.Later:
		fmt.Fprintf(w, "  %s still, with the commit taken back at the later end: something after it does the same\n", is)
	default:
		fmt.Fprintf(w, "  %s again, with the commit taken back at the later end\n", was)
	}
	writeSureness(w, c.commits.Judge)
}

// commitsJSON is what "bisect commits --json" writes.
type commitsJSON struct {
	answerJSON
	Commit     *bisect.Commit   `json:"commit"` // null where none was found
	Candidates []bisect.Commit  `json:"candidates"`
	Steps      []commitStepJSON `json:"steps"`
	TakenBack  bisect.TakenBack `json:"taken_back"`
	Log        string           `json:"log"` // for git bisect replay
}

type commitStepJSON struct {
	Commit bisect.Commit `json:"commit"`
	Side   string        `json:"side"` // good, bad, neither
	Seen   bisect.Tally  `json:"seen"`
	Note   string        `json:"note"`
}

func (c *commitAnswer) json() commitsJSON {
	out := commitsJSON{answerJSON: c.answer(c.commits.Judge, c.none), Candidates: c.culprit.Candidates, Steps: []commitStepJSON{}, TakenBack: c.culprit.TakenBack, Log: c.culprit.Log}
	if out.Candidates == nil {
		out.Candidates = []bisect.Commit{}
	}
	if c.none == nil {
		out.Commit = &c.culprit.Commit
	}
	for _, d := range c.culprit.Steps {
		step := commitStepJSON{Commit: d.Commit, Side: d.Side.String(), Seen: c.journal.Tally(d.Commit.ID), Note: c.journal.Untestable(d.Commit.ID)}
		if step.Seen == nil {
			step.Seen = bisect.Tally{}
		}
		out.Steps = append(out.Steps, step)
	}
	return out
}
