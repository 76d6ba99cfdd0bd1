package expect

import (
	"fmt"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Use is the effect of a rule on a run.
type Use struct {
	Rule *Rule
	// Of the cells it applies to: the number that failed as expected, failed
	// otherwise, passed, and did neither.
	Expected, Failed, Passed, Silent int
	// Problem says why it is useless; empty if it is not.
	Problem string
}

// Uses returns the effect of every rule, in order, on cells with verdicts under
// policy. A rule is useless if it has expired, matches no cell, or if an earlier
// rule applies to all of its cells.
func (e *Expectations) Uses(cells []results.Cell, policy outcome.Policy) []Use {
	if e == nil {
		return nil
	}
	uses := make([]Use, len(e.Rules))
	place := make(map[*Rule]int, len(e.Rules))
	for i := range e.Rules {
		uses[i].Rule = &e.Rules[i]
		place[&e.Rules[i]] = i
	}
	m := e.matcher()
	for i := range cells {
		c := &cells[i]
		r := m.rule(&c.Attempt)
		if r == nil {
			continue
		}
		u := &uses[place[r]]
		expected, _ := r.judge(c, policy)
		switch {
		case expected == results.XFail:
			u.Expected++
		case c.Verdict.Bad():
			u.Failed++
		case c.Verdict == outcome.Pass:
			u.Passed++
		default:
			u.Silent++
		}
	}
	for i := range uses {
		u := &uses[i]
		switch {
		case e.Expired(u.Rule):
			u.Problem = "expired after " + u.Rule.Until
		case u.cells() == 0:
			u.Problem = "speaks of no cell"
			if r := u.Rule.shadow(cells, m); r != nil {
				u.Problem = fmt.Sprintf("never counts: the rule in line %d comes first", r.Line)
			}
		}
	}
	return uses
}

func (u Use) cells() int { return u.Expected + u.Failed + u.Passed + u.Silent }

// shadow returns a rule that applies to a cell that r matches, nil if r matches
// none.
func (r *Rule) shadow(cells []results.Cell, m *matcher) *Rule {
	for i := range cells {
		if a := &cells[i].Attempt; r.matches(a) {
			return m.rule(a)
		}
	}
	return nil
}
