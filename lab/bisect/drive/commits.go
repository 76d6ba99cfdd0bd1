package drive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/session"
)

// CommitQuery is a search in the history of a repository.
type CommitQuery struct {
	Query
	Repo        string
	Skip        []string // commits that are not tried
	Paths       []string // only commits that change these; empty: all
	FirstParent bool     // finds a merge, not a commit in it
	Log         string   // the file for the log of git bisect; empty: none
	Build       source.Build
	Jobs        int // files compiled at once; 0: as many as there are processors
}

// Check rejects invalid input before anything is fetched, and completes the
// build.
func (q *CommitQuery) Check() error {
	if err := q.Query.Check(); err != nil {
		return err
	}
	if q.Log != "" {
		if err := export.File(q.Log).Check("log"); err != nil {
			return err
		}
	}
	q.Build.Name, q.Build.Tree, q.Build.Ref = "bisect", q.Repo, q.Bad
	return q.Build.Validate()
}

// question is what the answer depends on besides the Query.
func (q CommitQuery) question(repo string) map[string]string {
	b := q.Build
	return withArch(b, map[string]string{"repo": repo, "good": q.Good, "bad": q.Bad,
		"skip": strings.Join(q.Skip, " "), "paths": strings.Join(q.Paths, " "), "first parent": fmt.Sprint(q.FirstParent),
		"base": b.Base, "fragments": strings.Join(b.Fragments, " "), "options": strings.Join(b.Options, " "),
		"patches": strings.Join(b.Patches, " "), "compiler": b.Compiler})
}

// withArch adds the architecture if the build names one: journals of searches
// without it stay valid.
func withArch(b source.Build, question map[string]string) map[string]string {
	if b.Arch != "" {
		question["arch"] = b.Arch
	}
	return question
}

// Commits finds the commit that changed a cell, and shows the answer.
func Commits(ctx context.Context, settings session.Settings, q CommitQuery, log io.Writer, show func(Answer) error) error {
	s, err := start(ctx, settings, q.Query, log)
	if err != nil {
		return err
	}
	defer s.close()
	repo, err := filepath.Abs(q.Repo)
	if err != nil {
		return err
	}
	if err := s.open("commits", q.Query, q.question(repo)); err != nil {
		return err
	}
	s.say.Doing("reading the repository")
	history, err := bisect.OpenHistory(ctx, repo, s.journal.Beside(".git"))
	if err != nil {
		return err
	}
	c := &bisect.Commits{History: history, Paths: q.Paths, FirstParent: q.FirstParent, PatchFile: s.journal.Beside(".patch")}
	if err := q.resolve(ctx, c); err != nil {
		return err
	}
	if err := s.journal.Pin(map[string]string{"good": c.Good.ID, "bad": c.Bad.ID}); err != nil {
		return err
	}
	s.say.Doing("")
	w := s.startBuilding(q.Jobs)
	w.name = func(subject string) string { return commitName(ctx, history, subject) }
	w.build = func(ctx context.Context, subject string) (kernels.Kernel, error) {
		one := q.Build
		commit, takeBack := bisect.SplitSubject(subject)
		if one.Ref = commit; takeBack {
			one.Patches = append([]string{c.PatchFile}, one.Patches...)
		}
		return w.builder.Build(ctx, one)
	}
	c.Judge = s.judge(w, q.Query, w.name, func(subject string) string {
		commit, takeBack := bisect.SplitSubject(subject)
		if short := commit[:min(12, len(commit))]; !takeBack {
			return short
		}
		return w.name(subject)
	})
	c.Judge.Identify = w.identify
	found, err := c.Search(ctx)
	s.say.Close()
	if q.Log != "" && found.Log != "" {
		if werr := export.File(q.Log).Replace([]byte(found.Log)); werr != nil {
			return errors.Join(err, werr)
		}
	}
	answer := &commitAnswer{driver: s, commits: c, culprit: found}
	if err := answer.settle(err); err != nil {
		return err
	}
	return errors.Join(s.finish(answer, show), history.Remove())
}

// resolve finds the commits that the command line names.
func (q CommitQuery) resolve(ctx context.Context, c *bisect.Commits) error {
	var err error
	if c.Good, err = c.History.Commit(ctx, q.Good); err != nil {
		return err
	}
	if c.Bad, err = c.History.Commit(ctx, q.Bad); err != nil {
		return err
	}
	for _, ref := range q.Skip {
		one, err := c.History.Commit(ctx, ref)
		if err != nil {
			return err
		}
		c.Skip = append(c.Skip, one)
	}
	return nil
}

// commitName is a subject's display name.
func commitName(ctx context.Context, h *bisect.History, subject string) string {
	id, takeBack := bisect.SplitSubject(subject)
	name := id
	if c, err := h.Commit(context.WithoutCancel(ctx), id); err == nil {
		name = c.Short() + " " + c.Subject
	}
	if takeBack {
		return "the later end with the commit reverted"
	}
	return name
}

// commitAnswer is the result of a bisection of commits.
type commitAnswer struct {
	*driver
	commits *bisect.Commits
	culprit bisect.Culprit
	none    error // why there is no culprit
}

// settle distinguishes answers without a commit from errors, which it returns.
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
		c.none = fmt.Errorf("only commits that cannot be tried are left: the culprit is one of %d", len(c.culprit.Candidates))
	}
	return nil
}

// Found implements Answer.
func (c *commitAnswer) Found() bool { return c.none == nil }

// Write implements Answer.
func (c *commitAnswer) Write(w io.Writer, _ bool) {
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
	fmt.Fprintf(w, "%s on %s: %s becomes %s with\n\n", c.test, c.tests.Profiles[0].Name, was, is)
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
		fmt.Fprintf(w, "  not tried: the later end with the commit reverted: %s\n", clean(t.Reason))
	case t.Side == c.culprit.Later:
		fmt.Fprintf(w, "  %s still, with the commit reverted at the later end: something after it has the same effect\n", is)
	default:
		fmt.Fprintf(w, "  %s again, with the commit reverted at the later end\n", was)
	}
	writeSureness(w, c.commits.Judge)
}

// CommitsDocument is the document of a bisection of commits.
type CommitsDocument struct {
	Summary
	Commit     *bisect.Commit   `json:"commit"` // null if none was found
	Candidates []bisect.Commit  `json:"candidates"`
	Steps      []CommitStep     `json:"steps"`
	TakenBack  bisect.TakenBack `json:"taken_back"`
	Log        string           `json:"log"` // for git bisect replay
}

// CommitStep is a commit that was tried.
type CommitStep struct {
	Commit bisect.Commit `json:"commit"`
	Side   string        `json:"side"` // good, bad, neither
	Seen   bisect.Tally  `json:"seen"`
	Note   string        `json:"note"`
}

// JSON implements Answer.
func (c *commitAnswer) JSON() any {
	out := CommitsDocument{Summary: c.summary(c.commits.Judge, c.none), Candidates: c.culprit.Candidates, Steps: []CommitStep{}, TakenBack: c.culprit.TakenBack, Log: c.culprit.Log}
	if out.Candidates == nil {
		out.Candidates = []bisect.Commit{}
	}
	if c.none == nil {
		out.Commit = &c.culprit.Commit
	}
	for _, d := range c.culprit.Steps {
		step := CommitStep{Commit: d.Commit, Side: d.Side.String(), Seen: c.journal.Tally(d.Commit.ID), Note: c.journal.Untestable(d.Commit.ID)}
		if step.Seen == nil {
			step.Seen = bisect.Tally{}
		}
		out.Steps = append(out.Steps, step)
	}
	return out
}
