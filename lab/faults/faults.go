// Package faults evaluates runs with fault injection, in which the fault that a
// test declares is injected into each of its cells: a detector that has never
// fired proves nothing.
package faults

import (
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Check is the result of one test in such a run.
type Check struct {
	Test  string // suite.TestName
	Fault string // as declared
	// Fired are the cells that failed after the fault was injected.
	Fired []results.Cell
	// Early are those that failed before the fault was injected, because of
	// the kernel or of a failed call.
	Early []results.Cell
	// Silent are those that did not report the fault, or passed without it.
	Silent []results.Cell
	// Skipped cells prove nothing on their kernel; Detail says why.
	Skipped []results.Cell
	// Broken are those that crashed, hung or did not boot, so their
	// detector had no chance to report.
	Broken []results.Cell
	// Infra are those with verdict infra.
	Infra []results.Cell
}

// Detected reports whether the test failed somewhere or could not be run
// anywhere, and was silent nowhere. Failing without the fault is proof only if the
// data was wrong: an errno could also come from a broken set-up.
func (p Check) Detected() bool {
	told := len(p.Fired) > 0 || slices.ContainsFunc(p.Early, func(c results.Cell) bool {
		return c.Outcome != outcome.None && c.Outcome != outcome.Error
	})
	return len(p.Silent) == 0 && (told || len(p.Broken)+len(p.Early) == 0)
}

// Checks sorts the cells of a run with Config.Faults by the tests of the
// plan, in the plan's order.
func Checks(p plan.Plan, cells []results.Cell) []Check {
	var out []Check
	at := map[string]int{}
	for _, t := range p.Tests {
		name := t.Suite + "." + t.Top
		if _, known := at[name]; !known {
			at[name] = len(out)
			out = append(out, Check{Test: name, Fault: t.Fault})
		}
	}
	for _, c := range cells {
		name, _, _ := strings.Cut(c.Test, "/")
		i, known := at[name]
		if !known {
			continue
		}
		list := out[i].list(c)
		*list = append(*list, c)
	}
	return out
}

func (p *Check) list(c results.Cell) *[]results.Cell {
	switch c.Verdict {
	case outcome.Infra:
		return &p.Infra
	case outcome.Skip:
		return &p.Skipped
	case outcome.Crash, outcome.Hang, outcome.BootFail:
		return &p.Broken
	}
	if c.Outcome == outcome.Error && c.Covariates[protocol.AttrFault] == "" {
		return &p.Early // a call failed before there was anything to corrupt
	}
	switch c.Verdict {
	case outcome.Fail:
		switch {
		case c.Covariates[protocol.AttrBlind] != "":
		case c.Covariates[protocol.AttrFault] == "":
			return &p.Early
		default:
			return &p.Fired
		}
	}
	return &p.Silent
}

// WhySilent explains a silent cell.
func WhySilent(c results.Cell) string {
	if blind := c.Covariates[protocol.AttrBlind]; blind != "" {
		return blind
	}
	return "passed, but no fault was injected: its suite supports none"
}
