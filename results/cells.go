package results

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/splicelab/splicelab/outcome"
)

// FromAttempts combines all attempts at a cell: at least one, in order.
func FromAttempts(attempts []Attempt) Cell {
	at := deciding(attempts)
	c := Cell{Attempt: attempts[at], Attempts: len(attempts)}
	c.Output, c.Console = "", ""
	for i, a := range attempts {
		if a.Verdict == outcome.Infra {
			c.Infra++
		}
		if i != at {
			a.Output, a.Console = "", ""
			c.Others = append(c.Others, a)
		}
	}
	c.Flaky = c.flakiness()
	return c
}

// deciding is the index of the attempt whose verdict is the cell's: the last
// violation, else the last bad one, else the last that is not infra, else the
// last. A cell that failed once does not pass because a retry did, and what
// only some policy forbids does not hide what every policy forbids.
func deciding(attempts []Attempt) int {
	for _, counts := range []func(*Attempt) bool{
		func(a *Attempt) bool { return a.Class() == outcome.Violates },
		func(a *Attempt) bool { return a.Verdict.Bad() },
		func(a *Attempt) bool { return a.Verdict != outcome.Infra },
	} {
		for i := range slices.Backward(attempts) {
			if counts(&attempts[i]) {
				return i
			}
		}
	}
	return len(attempts) - 1
}

// flakiness is "k/n" if k of the n attempts with a verdict on the kernel
// failed, 0 < k < n.
func (c Cell) flakiness() string {
	failed, n := 0, 0
	count := func(v outcome.Verdict) {
		if v != outcome.Infra {
			n++
		}
		if v.Bad() {
			failed++
		}
	}
	count(c.Verdict)
	for _, a := range c.Others {
		count(a.Verdict)
	}
	if failed == 0 || failed == n {
		return ""
	}
	return fmt.Sprintf("%d/%d", failed, n)
}

// Show returns the cells of a finished run with verdicts under policy p. Recorded
// outcomes do not change.
func Show(cells []Cell, p outcome.Policy) []Cell {
	shown := slices.Clone(cells)
	for i := range shown {
		c := &shown[i]
		c.Verdict = c.Verdict.Under(p, c.Kind, c.Outcome)
		if c.Others == nil {
			continue
		}
		attempts := append(slices.Clone(c.Others), c.Attempt)
		slices.SortStableFunc(attempts, func(a, b Attempt) int { return cmp.Compare(a.N, b.N) })
		for j := range attempts {
			a := &attempts[j]
			a.Verdict = a.Verdict.Under(p, a.Kind, a.Outcome)
		}
		// Under p another attempt may decide.
		anew := FromAttempts(attempts)
		c.Attempt, c.Others, c.Flaky = anew.Attempt, anew.Others, anew.Flaky
	}
	return shown
}
