// Package expect is what a user expects of cells: the rules of an expectations
// file, what they make of verdicts, which of them are of no use, and the rules
// that would cover a run. docs/expectations.md is its manual.
package expect

import (
	"fmt"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
)

// Rule says what some cells are expected to come to. All that it says of a
// cell must be true of it.
type Rule struct {
	// Test, Filesystem and Kernels say which cells. Names of tests and
	// filesystems may have "*" for anything; kernels are releases or ranges, as
	// results.ParseReleaseRange reads them. No filesystem or kernel is all.
	Test       []string
	Filesystem []string
	Kernels    []string
	// Outcome and Verdict are what is expected: what is empty may be anything,
	// as long as the verdict is bad. Not both are.
	Outcome outcome.Outcome
	Verdict outcome.Verdict
	// Reason says why, Owner who looks after it, Link where it is written about.
	Reason, Owner, Link string
	// Until is the last day, YYYY-MM-DD, on which it holds; empty: no end.
	Until string
	// Line is where it begins in its file, from 1.
	Line int

	ranges []results.ReleaseRange
}

// Expectations are the rules of a file. The first that speaks of a cell
// counts. A nil *Expectations expects nothing.
type Expectations struct {
	File  string
	Rules []Rule
	today string // YYYY-MM-DD
}

// Expired reports whether the rule does not hold any more.
func (e *Expectations) Expired(r *Rule) bool { return r.Until != "" && r.Until < e.today }

// day is t as rules write it. Dates of this form compare as text does.
func day(t time.Time) string { return t.Format(time.DateOnly) }

// meets reports whether a bad attempt came to what is expected.
func (r *Rule) meets(a *results.Attempt) bool {
	return (r.Verdict == "" || r.Verdict == a.Verdict) && (r.Outcome == "" || r.Outcome == a.Outcome)
}

// expects says what is expected: "crash", "fail (live)", "live".
func (r *Rule) expects() string {
	switch {
	case r.Verdict == "":
		return string(r.Outcome)
	case r.Outcome == outcome.None:
		return string(r.Verdict)
	}
	return fmt.Sprintf("%s (%s)", r.Verdict, r.Outcome)
}

// why is the reason, with whom and where to ask.
func (r *Rule) why() string {
	var where []string
	for _, s := range []string{r.Owner, r.Link} {
		if s != "" {
			where = append(where, s)
		}
	}
	s := r.Reason
	if len(where) > 0 {
		s += " (" + strings.Join(where, ", ") + ")"
	}
	return sanitize.Line(s)
}

// Apply sets the Standing and the Why of cells, which are shown under policy.
func (e *Expectations) Apply(cells []results.Cell, policy outcome.Policy) {
	m := e.matcher()
	for i := range cells {
		c := &cells[i]
		c.Expected, c.Why = "", ""
		if r := m.rule(c.CellKey); r != nil {
			c.Expected, c.Why = r.judge(c, policy)
		}
	}
}

// judge says how a cell stands to what is expected of it.
func (r *Rule) judge(c *results.Cell, policy outcome.Policy) (standing results.Expected, why string) {
	var other *results.Attempt // a bad attempt that is not as expected
	look := func(a *results.Attempt) {
		if a.Verdict.Bad() && !r.meets(a) {
			other = a
		}
	}
	for i := range c.Others {
		look(&c.Others[i])
	}
	look(&c.Attempt)
	switch {
	case c.Verdict.Bad() && other == nil:
		return results.XFail, r.why()
	// A crash does not hide behind the expected failure of another attempt.
	case other != nil:
		return "", fmt.Sprintf("expected %s, attempt %d was %s: %s", r.expects(), other.N, seen(other), r.why())
	case c.Verdict != outcome.Pass:
		return "", "" // skip and infra say nothing
	case outcome.Fail.Under(policy, c.Kind, r.Outcome) == outcome.Pass:
		return "", "" // under this policy, what is expected passes
	}
	return results.XPass, fmt.Sprintf("expected %s: %s", r.expects(), r.why())
}

// seen is what an attempt came to.
func seen(a *results.Attempt) string {
	if a.Outcome == outcome.None {
		return string(a.Verdict)
	}
	return fmt.Sprintf("%s (%s)", a.Verdict, sanitize.Line(string(a.Outcome)))
}

// Judgement judges attempts: those fail that are bad and not as expected. It is
// for one goroutine.
func (e *Expectations) Judgement() history.Judgement {
	m := e.matcher()
	return func(a *results.Attempt) bool {
		if !a.Verdict.Bad() {
			return false
		}
		r := m.rule(a.CellKey)
		return r == nil || !r.meets(a)
	}
}
