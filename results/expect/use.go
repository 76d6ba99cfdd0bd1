package expect

import (
	"fmt"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Use is what one rule does for a run.
type Use struct {
	Rule *Rule
	// Of the cells for which it counts: those that came to what it expects, that
	// failed otherwise, that passed, and that did neither.
	Expected, Failed, Passed, Silent int
	// Problem says why it is of no use; empty when it is.
	Problem string
}

// Uses tells of every rule, in their order, what it does for cells, which are
// shown under policy. A rule is of no use that has expired, that speaks of no
// cell, or whose cells all have an earlier rule that counts for them.
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
		r := m.rule(c.CellKey)
		if r == nil {
			continue
		}
		u := &uses[place[r]]
		standing, _ := r.judge(c, policy)
		switch {
		case standing == results.XFail:
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

// shadow is a rule that counts where r speaks, nil when r speaks nowhere.
func (r *Rule) shadow(cells []results.Cell, m *matcher) *Rule {
	for i := range cells {
		if k := cells[i].CellKey; r.speaks(k) {
			return m.rule(k)
		}
	}
	return nil
}
