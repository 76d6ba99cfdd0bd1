package results

import (
	"fmt"
	"strings"
)

// RunError reports a reference that matches no run, or more than one.
type RunError struct {
	Ref       string
	Ambiguous bool
	Known     []string // runs that it could mean, or the newest runs
}

// Error lists runs that the reference could mean.
func (e *RunError) Error() string {
	switch {
	case e.Ambiguous:
		return fmt.Sprintf("run %q is ambiguous: %s", e.Ref, strings.Join(e.Known, ", "))
	case strings.HasPrefix(e.Ref, "@"):
		return fmt.Sprintf("no run %q", e.Ref)
	case len(e.Known) == 0:
		return fmt.Sprintf("no run %q: the store holds no runs yet", e.Ref)
	}
	if e.Ref == "latest" {
		return fmt.Sprintf("no run %q: no run of splicelab run, nightly or results import has finished; use unfinished, or one of %s", e.Ref, strings.Join(e.Known, ", "))
	}
	return fmt.Sprintf("no run %q: use latest, latest~1, a date, @baseline, or one of %s", e.Ref, strings.Join(e.Known, ", "))
}

// BadInput marks an error that the user has to correct: the lab did not fail.
func (*RunError) BadInput() {}

// KernelError reports a reference to a kernel that has no cells in the run.
type KernelError struct {
	Ref, Run string   // Run is empty if all runs were searched
	Known    []string // the kernels that have cells
}

// Error lists the kernels that have cells.
func (e *KernelError) Error() string {
	where := "no stored run has"
	if e.Run != "" {
		where = "run " + e.Run + " does not have"
	}
	if len(e.Known) == 0 {
		return where + " the kernel of " + e.Ref + ": there are no cells yet"
	}
	return where + " the kernel of " + e.Ref + ": use one of " + strings.Join(e.Known, ", ")
}

// BadInput marks an error that the user has to correct: the lab did not fail.
func (*KernelError) BadInput() {}

// RunningError reports a run whose lock another process holds.
type RunningError struct{ Run string }

func (e *RunningError) Error() string {
	return fmt.Sprintf("run %s is running in another splicelab process: wait until it exits, or stop it", e.Run)
}
