package results

import "github.com/splicelab/splicelab/outcome"

// SafeRun returns r with texts that are safe to show, each one line; the words
// of its command are quoted for a shell where they have to be.
func SafeRun(r Run) Run { return r.cleaned() }

// SafeAttempt returns a as the store keeps it: its texts cleaned and bounded.
func SafeAttempt(a Attempt) Attempt { return a.cleaned() }

// cleaned returns r with texts that are safe to show.
func (r Run) cleaned() Run {
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

// VerdictMark is the mark of a verdict in matrices, one or two characters.
func VerdictMark(v outcome.Verdict) string { return verdictMark(v) }
