package lab

import (
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/outcome"
)

// ended is why a VM or a step in it came to nothing. The verdict in it is the
// branch on which everything turns: skip, crash, hang and boot-fail speak of
// the kernel, infra of the lab.
type ended struct {
	verdict outcome.Verdict
	detail  string // one sentence
	console string // excerpt of the kernel log
}

func (e *ended) Error() string { return string(e.verdict) + ": " + e.detail }

func infraf(format string, a ...any) *ended {
	return &ended{verdict: outcome.Infra, detail: fmt.Sprintf(format, a...)}
}

// InfraError is returned by Run when the lab itself failed: cells remained
// infra after all retries, or a control cell came out wrong.
type InfraError struct {
	Cells   int      // how many cells are infra
	Retries int      // how many retries of bad cells came to nothing
	Control []string // control cells that failed
	Reason  string   // the first infra detail
}

func (e *InfraError) Error() string {
	var parts []string
	if len(e.Control) > 0 {
		parts = append(parts, fmt.Sprintf("the harness is broken: control cell %s failed, so no verdict of this run can be trusted", strings.Join(e.Control, ", ")))
	}
	if e.Cells > 0 {
		parts = append(parts, fmt.Sprintf("%d cells have no verdict because the lab failed (infra), first: %s", e.Cells, e.Reason))
	}
	if e.Retries > 0 {
		parts = append(parts, fmt.Sprintf("%d retries of failed cells came to nothing because the lab failed (infra), first: %s", e.Retries, e.Reason))
	}
	return strings.Join(parts, "; ")
}

// KernelError is returned by Exec and Shell when the kernel under test ended
// the VM before the program did.
type KernelError struct {
	Verdict outcome.Verdict // crash, hang, boot-fail or skip
	Detail  string
	Console string // excerpt of the kernel log
}

func (e *KernelError) Error() string { return string(e.Verdict) + ": " + e.Detail }
