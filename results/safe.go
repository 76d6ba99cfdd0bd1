package results

import (
	"fmt"
	"slices"

	"github.com/splicelab/splicelab/outcome"
)

// SafeRun returns r with texts that are safe to show, each one line. The words
// of its command are quoted for a shell where they have to be.
func SafeRun(r Run) Run {
	r.ID, r.Policy, r.Accel = CleanLine(r.ID), outcome.Policy(CleanLine(string(r.Policy))), CleanLine(r.Accel)
	r.Problem = CleanLine(r.Problem)
	command := make([]string, len(r.Command))
	for i, word := range r.Command {
		command[i] = quote(CleanLine(word))
	}
	conditions := make(map[string]string, len(r.Conditions))
	for k, v := range r.Conditions {
		conditions[CleanLine(k)] = CleanLine(v)
	}
	r.Command, r.Conditions = command, conditions
	return r
}

// SafeKey returns k with names that are safe to print.
func SafeKey(k CellKey) CellKey {
	return CellKey{Kernel: CleanLine(k.Kernel), FS: CleanLine(k.FS), Test: CleanLine(k.Test)}
}

// SafeAttempt returns a as it is stored: texts cleaned and bounded.
func SafeAttempt(a Attempt) Attempt {
	a.CellKey = SafeKey(a.CellKey)
	a.Outcome = outcome.Outcome(CleanLine(string(a.Outcome)))
	a.Kind = outcome.Kind(CleanLine(string(a.Kind)))
	a.Detail = CleanLine(a.Detail)
	a.Output = Bounded(a.Output, MaxText)
	a.Console = Bounded(a.Console, MaxText)
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
		kept[CleanLine(k)] = CleanLine(a.Covariates[k])
	}
	a.Covariates = kept
	return a
}
