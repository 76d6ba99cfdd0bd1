package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// searching is a search under way: what it opens, and how it tries a kernel.
type searching struct {
	app      *app
	tests    selection
	store    *store.Store
	kernels  *kernels.Store
	archive  *archive
	say      *progress
	journal  *bisect.Journal
	lab      *lab.Lab        // made when the first kernel is there
	controls map[string]bool // digests of kernels whose control cells have run
	closers  []func()
}

// startSearch opens what every search needs. close must be called.
func (a *app) startSearch(ctx context.Context, tests selection) (*searching, error) {
	release, err := a.useVMs(ctx)
	if err != nil {
		return nil, err
	}
	s := &searching{app: a, tests: tests, controls: map[string]bool{}, closers: []func(){release}}
	if s.store, err = a.resultStore(); err != nil {
		s.close()
		return nil, err
	}
	s.closers = append(s.closers, func() { _ = s.store.Close() }) // each attempt was durable when it was added
	if s.kernels, err = a.kernelStore(); err != nil {
		s.close()
		return nil, err
	}
	s.archive = a.archive(s.kernels, false)
	s.say = newProgress(a.stderr)
	s.closers = append(s.closers, s.say.Close)
	a.cfg.Run.Isolation = string(plan.IsolationCell)
	return s, nil
}

func (s *searching) close() {
	for _, c := range slices.Backward(s.closers) {
		c()
	}
}

// keep makes j the search's memory.
func (s *searching) keep(j *bisect.Journal) {
	s.journal = j
	s.closers = append(s.closers, func() { _ = j.Close() }) // nothing is written by it
}

// judge decides on subjects, which people know by what name returns.
func (s *searching) judge(t bisect.Trier, q search, name func(subject string) string) *bisect.Judge {
	return &bisect.Judge{Trier: t, Journal: s.journal, Confidence: q.confidence, Budget: q.tries, Told: func(subject string, side bisect.Side, seen bisect.Tally) {
		why := seen.String()
		if u := s.journal.Untestable(subject); u != "" {
			why = u
		}
		fmt.Fprintf(s.say, "%s: %s (%s)\n", sanitize.Line(name(subject)), side, sanitize.Line(why))
	}}
}

// attempts runs the search's cell n times on a kernel, each in a fresh VM, and
// returns what was seen. The first time its control cells run too.
func (s *searching) attempts(ctx context.Context, k kernels.Kernel, n int) ([]bisect.Seen, error) {
	if s.lab == nil {
		l, err := s.app.newLab(ctx, k, s.store, s.say, func(c *lab.Config) { c.User = s.tests.own })
		if err != nil {
			return nil, err
		}
		s.lab = l
	}
	one := lab.Ready{k}
	cells, err := plan.New(one.Plan(), s.tests.profiles, s.tests.suites, s.tests.pattern)
	if err != nil {
		return nil, err
	}
	if s.controls[k.Digest] {
		cells.Tests = slices.DeleteFunc(cells.Tests, func(t plan.Test) bool { return t.Name() != s.tests.cell })
	}
	cells.Repeat = n
	run, err := s.lab.Run(ctx, cells, one, notices{s.say})
	if run.ID == "" {
		return nil, err
	}
	s.journal.AddRun(run.ID)
	var infra *sched.InfraError
	if err != nil && (!errors.As(err, &infra) || len(infra.Control) > 0 || ctx.Err() != nil) {
		return nil, err
	}
	s.controls[k.Digest] = true
	all, aerr := s.store.Attempts(ctx, run.ID, results.CellKey{Kernel: k.Release, FS: s.tests.profiles[0].Name, Test: s.tests.cell})
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
func (n notices) Event(e sched.Event) {
	switch {
	case e.Kind == sched.Notice:
		_, _ = fmt.Fprintln(n.out, sanitize.Line(e.Text)) // the run does not depend on it
	case e.Kind == sched.Retry:
		_, _ = fmt.Fprintln(n.out, noteOf(e))
	}
}

// building is a search whose subjects are built before they are tried.
type building struct {
	*searching
	builder source.Builder
	// build builds a subject.
	build func(ctx context.Context, subject string) (kernels.Kernel, error)
	name  func(subject string) string // for people

	now   string                    // the name of what is being built
	ready map[string]kernels.Kernel // by subject
}

// startBuilding is a search of subjects that are built.
func (s *searching) startBuilding(jobs int) *building {
	b := &building{searching: s, builder: s.app.builder(s.archive), ready: map[string]kernels.Kernel{}}
	b.builder.Jobs = jobs
	b.builder.Told = func(s source.Step) { b.say.doing(b.now + ": " + stepText(s)) }
	return b
}

// identify builds a subject and says which kernel that is.
func (b *building) identify(ctx context.Context, subject string) (string, error) {
	k, err := b.kernel(ctx, subject)
	return k.Code, err
}

// kernel builds a subject. One that cannot be built for reasons of its own is
// a *bisect.UntestableError.
func (b *building) kernel(ctx context.Context, subject string) (kernels.Kernel, error) {
	if k, ok := b.ready[subject]; ok {
		return k, nil
	}
	b.now = b.name(subject)
	defer b.say.doing("")
	k, err := b.build(ctx, subject)
	var fault *source.Error
	if errors.As(err, &fault) && fault.Source {
		return k, &bisect.UntestableError{Reason: "it does not build: " + complaint(fault.Reason)}
	}
	if err == nil {
		b.ready[subject] = k
	}
	return k, err
}

// Try implements bisect.Trier.
func (b *building) Try(ctx context.Context, subject string, n int) ([]bisect.Seen, error) {
	k, err := b.kernel(ctx, subject)
	if err != nil {
		return nil, err
	}
	b.say.doing(b.name(subject) + ": trying it")
	defer b.say.doing("")
	return b.attempts(ctx, k, n)
}

// complaint is the line of a compiler's or a linker's output that matters.
func complaint(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for _, mark := range []string{" error: ", "undefined reference", "did not take", "does not apply"} {
		if i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, mark) }); i >= 0 {
			return lines[i]
		}
	}
	return lines[len(lines)-1]
}

// answerJSON is what every answer of a search has.
type answerJSON struct {
	Test        string       `json:"test"`
	Filesystem  string       `json:"fs"`
	Terms       bisect.Terms `json:"terms"`
	Found       bool         `json:"found"`
	Reason      string       `json:"reason"` // why nothing was found
	Probability float64      `json:"probability"`
	BadTries    int          `json:"bad_tries"`
	BadSeen     int          `json:"bad_seen"`
}

func (s *searching) answer(j *bisect.Judge, none error) answerJSON {
	d := j.Detection()
	out := answerJSON{Test: s.tests.cell, Filesystem: s.tests.profiles[0].Name, Terms: s.journal.Terms(), Found: none == nil, BadTries: d.Tries, BadSeen: d.Bad}
	if none != nil {
		out.Reason = none.Error()
	} else {
		out.Probability = j.Sureness()
	}
	return out
}

// writeSureness says how sure an answer is, rounded down: what is said to be
// certain has to be.
func writeSureness(w io.Writer, j *bisect.Judge) {
	d := j.Detection()
	fmt.Fprintf(w, "right with a probability of at least %.4f; the bad end shows it in %d of %d tries\n", math.Floor(j.Sureness()*1e4)/1e4, d.Bad, d.Tries)
}

// showTally is what a subject showed, or why it was not tried.
func (s *searching) showTally(subject string) string {
	if u := s.journal.Untestable(subject); u != "" {
		return sanitize.Line(u)
	}
	return s.journal.Tally(subject).String()
}
