package bisect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/kernels/source/git"
)

// Commits searches a history for the commit that changed the outcome. git
// bisect chooses the next commit, so merges, skipped commits and the log work
// as its users expect; Judge decides where each commit lies.
type Commits struct {
	Judge   *Judge
	History *History
	// Good and Bad are the ends. If Good is the later one, the search is for a
	// fix.
	Good, Bad Commit
	// Paths, FirstParent and Skip are those of git bisect.
	Paths       []string
	FirstParent bool
	Skip        []Commit
	// PatchFile is where the patch that reverts the culprit is written.
	PatchFile string
}

// Decided is a commit and the side on which it lies.
type Decided struct {
	Commit Commit `json:"commit"`
	Side   Side   `json:"side"`
}

// Culprit is the result of a search of a history.
type Culprit struct {
	// Commit is the first that shows the later end's outcome. It is empty if
	// only commits that cannot be tried are left: then it is one of
	// Candidates.
	Commit     Commit
	Candidates []Commit
	// Later is the side of the later end: Good if Commit is a fix.
	Later Side
	// Steps are the commits that were decided, in the order of the search.
	Steps []Decided
	// Log is the input of git bisect replay.
	Log  string
	Stat string // which files the commit changes
	// TakenBack is the result of reverting the commit at the later end.
	TakenBack TakenBack
}

// TakenBack says what the later end shows with the culprit reverted.
type TakenBack struct {
	Clean  bool   `json:"clean"` // the commit reverts without conflicts there
	Side   Side   `json:"side"`
	Reason string `json:"reason"` // why it was not tried
}

// without joins two commits in a subject: the first with the second reverted.
const without = " without "

// SplitSubject splits a subject of a commit search into the commit to build and
// whether to revert the culprit on it.
func SplitSubject(subject string) (commit string, takeBack bool) {
	commit, _, takeBack = strings.Cut(subject, without)
	return commit, takeBack
}

// Search finds the culprit and verifies it: the culprit and its parents are
// tried once more, and reverting it at the later end has to restore the earlier
// outcome. Errors are those of Judge.Begin, *SameEndsError, *MergeBaseError,
// *SameCodeError and *ContradictionError.
func (c *Commits) Search(ctx context.Context) (Culprit, error) {
	if c.Good.ID == c.Bad.ID {
		return Culprit{}, &SameEndsError{c.Good.ID}
	}
	earlier, later, found := c.Good, c.Bad, Culprit{Later: Bad}
	reversed, err := c.History.precedes(ctx, c.Bad, c.Good)
	if err != nil {
		return found, err
	}
	if reversed {
		earlier, later, found.Later = later, earlier, Good
	}
	if related, err := c.History.related(ctx, earlier, later); err != nil || !related {
		return found, errors.Join(err, unrelated(related, c))
	}
	n, err := c.History.count(ctx, earlier, later, c.FirstParent, c.Paths)
	if err != nil {
		return found, err
	}
	c.Judge.bracket.between = n
	// The side branches of merges may take a step or two more than a linear
	// history.
	if err := c.Judge.Begin(ctx, c.Good.ID, c.Bad.ID, Steps(n+1)+2); err != nil {
		return found, err
	}
	c.Judge.decided = func(subject string, side Side) {
		b := &c.Judge.bracket
		b.between /= 2 // until git counts them
		switch side {
		case Good:
			b.good = subject
		case Bad:
			b.bad = subject
		}
	}
	s := &stepper{Commits: c, found: &found, all: n}
	if err := s.run(ctx, earlier, later); err != nil {
		return found, err
	}
	if found.Commit.ID == "" {
		return found, nil
	}
	if found.Stat, err = c.History.stat(ctx, found.Commit); err != nil {
		return found, err
	}
	return found, c.verify(ctx, &found, later)
}

func unrelated(related bool, c *Commits) error {
	if related {
		return nil
	}
	return &RepoError{c.History.Repo, fmt.Sprintf("%s and %s have no commit in common", c.Good.Short(), c.Bad.Short())}
}

// verify verifies the culprit.
func (c *Commits) verify(ctx context.Context, found *Culprit, later Commit) error {
	earlierSide := found.Later.other()
	parents := found.Commit.Parents
	if c.FirstParent {
		parents = parents[:min(1, len(parents))]
	}
	id := c.Judge.Journal.Identity
	for _, p := range parents {
		side, err := c.Judge.Side(ctx, p)
		switch {
		case err != nil:
			return err
		case id(p) == id(found.Commit.ID):
			return &SameCodeError{Commit: found.Commit, Parent: p}
		case side == Neither:
			continue // as in git bisect, a parent that cannot be tried is ignored
		case side != earlierSide:
			return &ContradictionError{Subject: p, Side: earlierSide, Before: nil, Tally: c.Judge.Journal.Tally(p)}
		}
		if err := c.Judge.Verify(ctx, p, side); err != nil {
			return err
		}
	}
	if err := c.Judge.Verify(ctx, found.Commit.ID, found.Later); err != nil {
		return err
	}
	return c.takeBack(ctx, found, later)
}

// takeBack tries the later end with the culprit reverted.
func (c *Commits) takeBack(ctx context.Context, found *Culprit, later Commit) error {
	patch, clean, err := c.History.takeBack(ctx, found.Commit, later)
	if err != nil {
		return err
	}
	if !clean {
		found.TakenBack.Reason = "it does not revert cleanly there"
		return nil
	}
	if err := os.WriteFile(c.PatchFile, patch, 0o644); err != nil {
		return err
	}
	found.TakenBack.Clean = true
	subject := later.ID + without + found.Commit.ID
	found.TakenBack.Side, err = c.Judge.Side(ctx, subject)
	if found.TakenBack.Side == Neither {
		found.TakenBack.Reason = c.Judge.Journal.Untestable(subject)
		if found.TakenBack.Reason == "" {
			found.TakenBack.Reason = "it shows " + c.Judge.Journal.Tally(subject).String()
		}
	}
	return err
}

// stepper walks git bisect through a history.
type stepper struct {
	*Commits
	found *Culprit
	terms map[Side]string // as passed to git bisect
	all   int             // commits between the ends
	last  Side            // of the last step
}

// gitTerm is a mark as a term of git bisect, whose own terms such as skip are
// reserved.
func gitTerm(m Mark) string {
	if m == "skip" {
		return "skipped"
	}
	return string(m)
}

// run starts git bisect from scratch and answers until git has found the commit.
// After a kill, earlier decisions are answered from the journal, so that git
// takes the same path.
func (s *stepper) run(ctx context.Context, earlier, later Commit) error {
	terms := s.Judge.Journal.Terms()
	s.terms = map[Side]string{Good: gitTerm(terms.Good), Bad: gitTerm(terms.Bad)}
	// The state of a killed git bisect is not needed: the journal has it all.
	if _, err := s.History.git(ctx, "bisect", "reset"); err != nil {
		return err
	}
	start := []string{"bisect", "start", "--no-checkout", "--term-new=" + s.terms[s.found.Later], "--term-old=" + s.terms[s.found.Later.other()]}
	if s.FirstParent {
		start = append(start, "--first-parent")
	}
	start = append(append(start, later.ID, earlier.ID, "--"), s.Paths...)
	if err := s.bisect(ctx, start...); err != nil {
		return err
	}
	if len(s.Skip) > 0 {
		args := []string{"bisect", "skip"}
		for _, c := range s.Skip {
			args = append(args, c.ID)
		}
		if err := s.bisect(ctx, args...); err != nil {
			return err
		}
	}
	for {
		done, err := s.over(ctx)
		if done || err != nil {
			return err
		}
		if err := s.step(ctx); err != nil {
			return err
		}
	}
}

// step decides the commit that git bisect asks about.
func (s *stepper) step(ctx context.Context) error {
	next, err := s.History.Commit(ctx, "BISECT_HEAD")
	if err != nil {
		return err
	}
	if err := s.left(ctx); err != nil {
		return err
	}
	side, err := s.Judge.Side(ctx, next.ID)
	if err != nil {
		return err
	}
	s.found.Steps = append(s.found.Steps, Decided{next, side})
	s.last = side
	if side == Neither {
		return s.bisect(ctx, "bisect", "skip", next.ID)
	}
	err = s.bisect(ctx, "bisect", s.terms[side], next.ID)
	var failed *git.Error
	if errors.As(err, &failed) && failed.Code == mergeBaseBad {
		return &MergeBaseError{Base: next, Earlier: s.terms[s.found.Later.other()], Later: s.terms[s.found.Later]}
	}
	return err
}

// Exit codes of git bisect if only skipped commits are left, and if the merge
// base of the ends already shows the later one's outcome.
const (
	onlySkipped  = 2
	mergeBaseBad = 3
)

// bisect runs git bisect; having only skipped commits left is no error.
func (s *stepper) bisect(ctx context.Context, args ...string) error {
	_, err := s.History.git(ctx, args...)
	var failed *git.Error
	if errors.As(err, &failed) && failed.Code == onlySkipped {
		return nil
	}
	return err
}

// left asks git how much is left.
func (s *stepper) left(ctx context.Context) error {
	args := []string{"rev-list", "--bisect-vars"}
	if s.FirstParent {
		args = append(args, "--first-parent")
	}
	args = append(args, "refs/bisect/"+s.terms[s.found.Later])
	refs, err := s.History.git(ctx, "for-each-ref", "--format=%(objectname)", "refs/bisect/"+s.terms[s.found.Later.other()]+"-*")
	if err != nil {
		return err
	}
	args = append(args, "--not")
	args = append(append(args, strings.Fields(refs)...), "--")
	out, err := s.History.git(ctx, append(args, s.Paths...)...)
	if err != nil {
		return err
	}
	var all, steps int
	for line := range strings.Lines(out) {
		_, _ = fmt.Sscanf(line, "bisect_all=%d", &all)
		_, _ = fmt.Sscanf(line, "bisect_steps=%d", &steps)
	}
	s.narrow(all, steps)
	return nil
}

// narrow updates the judge's bracket. git does not say where a commit is, only
// how many are left: what is gone was on the side of the last decision.
func (s *stepper) narrow(commits, steps int) {
	b := &s.Judge.bracket
	b.between, b.steps = commits, max(steps, 1)
	size := float64(commits) / float64(max(s.all, commits, 1))
	switch s.last {
	case Good:
		b.low = b.high - size
	case Bad:
		b.high = b.low + size
	}
}

// over reads from git's log whether the search has finished, and its result.
func (s *stepper) over(ctx context.Context) (bool, error) {
	log, err := s.History.git(ctx, "bisect", "log")
	if err != nil {
		return false, err
	}
	s.found.Log = log
	for line := range strings.Lines(log) {
		what, rest, ok := strings.Cut(strings.TrimPrefix(line, "# "), ": [")
		id, _, closed := strings.Cut(rest, "]")
		if !ok || !closed || !strings.HasPrefix(line, "# ") {
			continue
		}
		term := s.terms[s.found.Later]
		if what != "first "+term+" commit" && what != "possible first "+term+" commit" {
			continue
		}
		commit, err := s.History.Commit(ctx, id)
		if err != nil {
			return false, err
		}
		if strings.HasPrefix(what, "first") {
			s.found.Commit = commit
			return true, nil
		}
		s.found.Candidates = append(s.found.Candidates, commit)
	}
	slices.Reverse(s.found.Candidates) // git names the newest first
	return len(s.found.Candidates) > 0, nil
}
