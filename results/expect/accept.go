package expect

import (
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Accepted are rules that cover the failures of a run.
type Accepted struct {
	Rules []Rule
	// Cells is how many failed cells the rules cover.
	Cells int
	// Left are the failed cells that no rule can cover: their attempts failed in
	// different ways.
	Left []results.CellKey
	// before is the index of the existing rule before which they must be
	// inserted; the number of rules means at the end.
	before int
}

// Accept generates rules for the failed cells that e does not cover. It merges
// subtests, filesystems, neighbouring kernels and flavours with equal results into
// few readable rules; no rule covers a cell with a different result. cells are
// those of a run, with verdicts under policy; the rules get Reason, Owner, Link
// and Until from like.
func (e *Expectations) Accept(cells []results.Cell, policy outcome.Policy, like Rule) Accepted {
	cells = slices.Clone(cells)
	e.Apply(cells, policy)
	a := Accepted{}
	if e != nil {
		a.before = len(e.Rules)
	}
	m := e.matcher()
	byTest := make(map[string][]*results.Cell) // by top-level test
	for i := range cells {
		top, _, _ := strings.Cut(cells[i].Test, "/")
		byTest[top] = append(byTest[top], &cells[i])
	}
	flavours := flavoursOf(cells)
	tops := make([]string, 0, len(byTest))
	for i := range cells { // in the order of reports
		if top, _, _ := strings.Cut(cells[i].Test, "/"); !slices.Contains(tops, top) {
			tops = append(tops, top)
		}
	}
	for _, top := range tops {
		var rules []Rule
		for _, f := range flavours {
			of := f.among(byTest[top])
			contradict := of // the cells that may contradict a rule
			if !f.named {
				contradict = byTest[top]
			}
			covers := make(map[expectation]*cover)
			var order []expectation
			for _, c := range of {
				if !c.Bad() {
					continue
				}
				x, ok := expectationOf(c)
				if !ok {
					a.Left = append(a.Left, c.CellKey)
					continue
				}
				a.Cells++
				if covers[x] == nil {
					covers[x] = &cover{kernels: f.releases, cells: contradict, expectation: x, missing: make(map[results.CellKey]bool)}
					order = append(order, x)
				}
				covers[x].missing[c.CellKey] = true
				if r := m.rule(&c.Attempt); r != nil {
					a.before = min(a.before, slices.IndexFunc(e.Rules, func(o Rule) bool { return o.Line == r.Line }))
				}
			}
			for _, x := range order {
				for _, r := range covers[x].rules() {
					r.Arch, r.Flavour = f.arch, f.flavour
					rules = merge(rules, r)
				}
			}
		}
		for _, r := range rules {
			r.Reason, r.Owner, r.Link, r.Until = like.Reason, like.Owner, like.Link, like.Until
			if len(r.Arch)+len(r.Flavour) == len(flavours) {
				r.Arch, r.Flavour = nil, nil // the same on all
			}
			a.Rules = append(a.Rules, r)
		}
	}
	return a
}

// expectation is what a rule expects.
type expectation struct {
	outcome outcome.Outcome
	verdict outcome.Verdict
}

// expectationOf is the narrowest expectation that all bad attempts at a cell meet;
// ok is false if there is none.
func expectationOf(c *results.Cell) (x expectation, ok bool) {
	bad := []*results.Attempt{&c.Attempt}
	for i := range c.Others {
		if c.Others[i].Verdict.Bad() {
			bad = append(bad, &c.Others[i])
		}
	}
	x = expectation{c.Outcome, c.Verdict}
	if !slices.Contains(outcome.All, x.outcome) { // none, or unknown: from a newer suite
		x.outcome = ""
	}
	for _, a := range bad {
		if a.Verdict != x.verdict {
			return x, false
		}
		if a.Outcome != x.outcome {
			x.outcome = ""
		}
	}
	if x.verdict == outcome.Fail && x.outcome != "" {
		x.verdict = "" // implied
	}
	return x, true
}

// met reports whether a cell meets x, so that a rule may cover the cell.
func (x expectation) met(c *results.Cell) bool {
	if !c.Verdict.Bad() {
		return false
	}
	r := Rule{Outcome: x.outcome, Verdict: x.verdict}
	ok := r.meets(&c.Attempt)
	for i := range c.Others {
		a := &c.Others[i]
		ok = ok && (!a.Verdict.Bad() || r.meets(a))
	}
	return ok
}

// Update inserts the rules into the text of an expectations file. Existing rules and
// comments do not change. now is as for Parse.
func (a Accepted) Update(e *Expectations, content []byte, now time.Time) ([]byte, error) {
	text, err := insert(content, e.Rules, a.before, a.Rules)
	if err != nil {
		return nil, err
	}
	// The result must parse.
	if _, err := Parse(e.File, text, now); err != nil {
		return nil, err
	}
	return text, nil
}
