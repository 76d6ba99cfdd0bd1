package drive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// driver is a search in progress: what it opened, and how it tries a kernel.
type driver struct {
	*session.Session
	tests    session.Selection
	test     string // the only one that tests selects
	say      *progress.Progress
	journal  *bisect.Journal
	lab      *lab.Lab        // created when the first kernel is available
	controls map[string]bool // digests of kernels whose control cells have run
}

// start selects the search's cell and opens what every search needs. close must
// be called.
func start(ctx context.Context, settings session.Settings, q Query, log io.Writer) (*driver, error) {
	settings.Run.Isolation = string(plan.IsolationCell)
	tests, test, err := settings.SelectCell(ctx, q.From)
	if err != nil {
		return nil, err
	}
	s, err := settings.Open(ctx, false)
	if err != nil {
		tests.Close()
		return nil, err
	}
	return &driver{Session: s, tests: tests, test: test, say: progress.New(log), controls: map[string]bool{}}, nil
}

func (s *driver) close() {
	if s.journal != nil {
		_ = s.journal.Close() // everything is on disk already
	}
	s.say.Close()
	s.Session.Close()
	s.tests.Close()
}

// open opens the journal of the search. question is what the answer depends on
// besides the options that all searches have.
func (s *driver) open(kind string, q Query, question map[string]string) (err error) {
	s.journal, err = openJournal(s.Settings, kind, s.tests.Pattern, q, question, s.say)
	return err
}

// openJournal opens the journal of a search for a pattern of tests.
func openJournal(s session.Settings, kind, pattern string, q Query, question map[string]string, log io.Writer) (*bisect.Journal, error) {
	all := map[string]string{
		"kind": kind, "test": pattern, "filesystem": s.Run.Filesystems, "term": q.Term,
		"confidence": fmt.Sprint(q.Confidence), "tries": fmt.Sprint(q.Tries), "policy": s.Run.Policy,
		"memory": fmt.Sprint(s.VM.Memory), "cpus": fmt.Sprint(s.VM.CPUs), "kernel arguments": s.VM.KernelArgs,
		"splicelab": s.Version,
	}
	maps.Copy(all, question)
	j, err := bisect.OpenJournal(filepath.Join(s.State, "bisect"), all, q.Fresh)
	if err != nil {
		return nil, err
	}
	if j.Resumed {
		fmt.Fprintf(log, "resuming the bisection that started at %s\n", j.Begun().Format("2006-01-02 15:04 MST"))
	}
	if terms, err := bisect.ParseTerms(q.Term); err == nil && j.Terms() == (bisect.Terms{}) {
		if err := j.SetTerms(terms); err != nil {
			return nil, errors.Join(err, j.Close())
		}
	}
	return j, nil
}

// judge decides on which side subjects lie. name returns a subject's display
// name, and short the one in a bracket.
func (s *driver) judge(t bisect.Trier, q Query, name, short func(subject string) string) *bisect.Judge {
	j := &bisect.Judge{Trier: t, Journal: s.journal, Confidence: q.Confidence, Budget: q.Tries}
	j.OnDecision = func(subject string, side bisect.Side, seen bisect.Tally) {
		why := seen.String()
		if u := s.journal.Untestable(subject); u != "" {
			why = u
		}
		fmt.Fprintf(s.say, "%s: %s (%s)%s\n", sanitize.Line(name(subject)), side, sanitize.Line(why), stepText(j, subject, short))
	}
	j.OnState = func(st bisect.State) {
		s.say.Searching(progress.Search{
			Good: short(st.Good), Bad: short(st.Bad), Between: st.Between, Step: st.Step, Steps: st.Steps, Confidence: st.Sureness,
			Subject: short(st.Subject), Tried: st.Tried, Need: st.Need, Low: st.Low, High: st.High, At: st.At,
		})
	}
	return j
}

// stepText is what a decision leaves: "; step 4 of about 9: 6 left between A
// (good) and B (bad)".
func stepText(j *bisect.Judge, subject string, name func(string) string) string {
	st := j.State(subject)
	step, steps := j.Decided()
	return fmt.Sprintf("; step %d of about %d: %d left between %s (good) and %s (bad)",
		step, steps, st.Between, sanitize.Line(name(st.Good)), sanitize.Line(name(st.Bad)))
}

// attempts runs the search's cell n times on a kernel, each in a fresh VM, and
// returns the results. The first time its control cells run too.
func (s *driver) attempts(ctx context.Context, k kernels.Kernel, n int) ([]bisect.Seen, error) {
	if s.lab == nil {
		l, err := s.NewLab(ctx, k, s.say, s.tests.Configure(results.OriginBisect))
		if err != nil {
			return nil, err
		}
		s.lab = l
	}
	one := lab.Ready{k}
	cells, err := plan.New(one.Plan(), s.tests.Profiles, s.tests.Suites, s.tests.Pattern)
	if err != nil {
		return nil, err
	}
	if s.controls[k.Digest] {
		cells.Tests = slices.DeleteFunc(cells.Tests, func(t plan.Test) bool { return t.Name() != s.test })
	}
	cells.Repeat = n
	run, err := s.lab.Run(ctx, cells, one, progress.Notices{Out: s.say})
	if run.ID == "" {
		return nil, err
	}
	s.journal.AddRun(run.ID)
	var infra *sched.InfraError
	if err != nil && (!errors.As(err, &infra) || len(infra.Control) > 0 || ctx.Err() != nil) {
		return nil, err
	}
	s.controls[k.Digest] = true
	all, aerr := s.Results.Attempts(ctx, run.ID, results.CellKey{Kernel: k.Release, FS: s.tests.Profiles[0].Name, Test: s.test})
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

// building is a search whose subjects are built before they are tried.
type building struct {
	*driver
	builder source.Builder
	// build builds a subject.
	build func(ctx context.Context, subject string) (kernels.Kernel, error)
	name  func(subject string) string // display name

	now   string                    // the name of what is being built
	ready map[string]kernels.Kernel // by subject
}

// startBuilding prepares to build subjects. jobs is how many files are compiled
// at once; 0: as many as there are processors.
func (s *driver) startBuilding(jobs int) *building {
	b := &building{driver: s, builder: s.Archive.Builder(), ready: map[string]kernels.Kernel{}}
	b.builder.Jobs = jobs
	b.builder.OnStep = func(s source.Step) { b.say.Doing(b.now + ": " + session.StepText(s)) }
	return b
}

// identify builds a subject and returns the digest of its kernel.
func (b *building) identify(ctx context.Context, subject string) (string, error) {
	k, err := b.kernel(ctx, subject)
	return k.Code, err
}

// kernel builds a subject. If the subject itself is at fault, the error is a
// *bisect.UntestableError.
func (b *building) kernel(ctx context.Context, subject string) (kernels.Kernel, error) {
	if k, ok := b.ready[subject]; ok {
		return k, nil
	}
	b.now = b.name(subject)
	defer b.say.Doing("")
	k, err := b.build(ctx, subject)
	var fault *source.Error
	if errors.As(err, &fault) && fault.Source {
		return k, &bisect.UntestableError{Reason: "it does not build: " + fault.Summary}
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
	b.say.Doing(b.name(subject) + ": running the test")
	defer b.say.Doing("")
	return b.attempts(ctx, k, n)
}
