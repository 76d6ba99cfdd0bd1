// Package expect implements expectations files: parsing rules (parse.go),
// applying them to verdicts (Expectations.Apply), finding useless ones
// (use.go), and generating rules that cover a run (accept.go). See
// docs/expectations.md.
package expect

import (
	"fmt"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
)

// Rule is the expected result of some cells. A cell must match all of its fields.
type Rule struct {
	// Test, Filesystem and Kernels select cells. Names of tests and filesystems
	// may contain "*", which matches anything; kernels are releases or ranges
	// in the syntax of kernelversion.ParseRange. No filesystem or kernel means
	// all.
	Test       []string
	Filesystem []string
	Kernels    []string
	// Arch and Flavour are names such as "arm64" and "arm64-16k". Kernels is about
	// versions: without these it is about those of all flavours.
	Arch    []string
	Flavour []string
	// Outcome and Verdict are the expected result. An empty one matches
	// anything if the verdict is bad; they are not both empty.
	Outcome outcome.Outcome
	Verdict outcome.Verdict
	// Reason says why it is expected, Owner who is responsible, Link where it
	// is discussed.
	Reason, Owner, Link string
	// Until is the last day, YYYY-MM-DD, on which the rule applies; empty means
	// no end.
	Until string
	// Line is the rule's first line in its file, from 1.
	Line int

	ranges []kernelversion.Range
}

// Expectations are the rules of a file. The first that matches a cell applies.
// A nil *Expectations expects nothing.
type Expectations struct {
	File  string
	Rules []Rule
	today string // YYYY-MM-DD
}

// Expired reports whether the rule no longer applies.
func (e *Expectations) Expired(r *Rule) bool { return r.Until != "" && r.Until < e.today }

// day formats t as rules do. Such dates compare like strings.
func day(t time.Time) string { return t.Format(time.DateOnly) }

// meets reports whether a bad attempt matches the expected result.
func (r *Rule) meets(a *results.Attempt) bool {
	return (r.Verdict == "" || r.Verdict == a.Verdict) && (r.Outcome == "" || r.Outcome == a.Outcome)
}

// expects is the expected result: "crash", "fail (live)", "live".
func (r *Rule) expects() string {
	switch {
	case r.Verdict == "":
		return string(r.Outcome)
	case r.Outcome == outcome.None:
		return string(r.Verdict)
	}
	return fmt.Sprintf("%s (%s)", r.Verdict, r.Outcome)
}

// why is the reason with owner and link.
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

// Apply sets Expected and Why of cells whose verdicts are under policy.
func (e *Expectations) Apply(cells []results.Cell, policy outcome.Policy) {
	m := e.matcher()
	for i := range cells {
		c := &cells[i]
		c.Expected, c.Why = "", ""
		if r := m.rule(&c.Attempt); r != nil {
			c.Expected, c.Why = r.judge(c, policy)
		}
	}
}

// judge compares a cell with the rule: XFail, XPass or empty.
func (r *Rule) judge(c *results.Cell, policy outcome.Policy) (expected results.Expected, why string) {
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
	// An expected failure in one attempt does not hide a crash in another.
	case other != nil:
		return "", fmt.Sprintf("expected %s, attempt %d was %s: %s", r.expects(), other.N, seen(other), r.why())
	case c.Verdict != outcome.Pass:
		return "", "" // skip and infra are inconclusive
	case outcome.Fail.Under(policy, c.Kind, r.Outcome) == outcome.Pass:
		return "", "" // under this policy the expected outcome passes
	}
	return results.XPass, fmt.Sprintf("expected %s: %s", r.expects(), r.why())
}

// seen is the result of an attempt.
func seen(a *results.Attempt) string {
	if a.Outcome == outcome.None {
		return string(a.Verdict)
	}
	return fmt.Sprintf("%s (%s)", a.Verdict, sanitize.Line(string(a.Outcome)))
}

// Judgement returns a Judgement by which an attempt fails if it is bad and not
// as expected. It is not safe for concurrent use.
func (e *Expectations) Judgement() history.Judgement {
	m := e.matcher()
	return func(a *results.Attempt) bool {
		if !a.Verdict.Bad() {
			return false
		}
		r := m.rule(a)
		return r == nil || !r.meets(a)
	}
}
