package results

import (
	"fmt"
	"slices"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/internal/shell"
	"github.com/splicelab/splicelab/outcome"
)

// Limits of what the store keeps of an attempt.
const (
	MaxText       = 64 << 10 // bytes of Output and of Console
	MaxCovariates = 128      // number of covariates
)

// SafeRun returns r with texts that are safe to show, each one line. The words
// of its command are quoted for a shell if necessary.
func SafeRun(r Run) Run {
	r.ID, r.Policy, r.Accel = sanitize.Line(r.ID), outcome.Policy(sanitize.Line(string(r.Policy))), sanitize.Line(r.Accel)
	r.Problem, r.Origin = sanitize.Line(r.Problem), Origin(sanitize.Line(string(r.Origin)))
	command := make([]string, len(r.Command))
	for i, word := range r.Command {
		command[i] = shell.Quote(sanitize.Line(word))
	}
	conditions := make(map[string]string, len(r.Conditions))
	for k, v := range r.Conditions {
		conditions[sanitize.Line(k)] = sanitize.Line(v)
	}
	r.Command, r.Conditions = command, conditions
	return r
}

// SafeKey returns k with names that are safe to print.
func SafeKey(k CellKey) CellKey {
	return CellKey{Kernel: sanitize.Line(k.Kernel), FS: sanitize.Line(k.FS), Test: sanitize.Line(k.Test)}
}

// SafeAttempt returns a as it is stored: with texts sanitized and bounded.
func SafeAttempt(a Attempt) Attempt {
	a.CellKey = SafeKey(a.CellKey)
	a.Arch, a.Flavour = sanitize.Line(a.Arch), sanitize.Line(a.Flavour)
	a.Outcome = outcome.Outcome(sanitize.Line(string(a.Outcome)))
	a.Kind = outcome.Kind(sanitize.Line(string(a.Kind)))
	a.Detail = sanitize.Line(a.Detail)
	a.Output = sanitize.Bounded(a.Output, MaxText)
	a.Console = sanitize.Bounded(a.Console, MaxText)
	keys := make([]string, 0, len(a.Covariates))
	for k := range a.Covariates {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	kept := make(map[string]string, len(keys))
	for i, k := range keys {
		if i == MaxCovariates {
			kept["…"] = fmt.Sprintf("%d more covariates dropped", len(keys)-i)
			break
		}
		kept[sanitize.Line(k)] = sanitize.Line(a.Covariates[k])
	}
	a.Covariates = kept
	return a
}
