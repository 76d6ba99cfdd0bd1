package machine

import (
	"context"
	"fmt"
	"time"

	"github.com/splicelab/splicelab/internal/deadline"
	"github.com/splicelab/splicelab/lab/verdict"
)

// deathWait is how long a VM whose channels broke may take to exit before the
// channel itself is blamed. QEMU closes its sockets as it exits.
const deathWait = 5 * time.Second

// PostMortem finds out why the VM's channels broke: the kernel died, or QEMU
// or the lab failed. when says what was in progress. The error is ctx's.
func (m *Machine) PostMortem(ctx context.Context, phase verdict.Phase, when string) (verdict.Evidence, error) {
	dctx, cancel := deadline.With(ctx, deathWait, ErrChannel)
	defer cancel()
	select {
	case <-m.VM.Done():
	case <-dctx.Done():
		if ctx.Err() != nil {
			return verdict.Evidence{}, ctx.Err()
		}
		return verdict.Evidence{Phase: phase, When: when,
			Fault: fmt.Sprintf("the control channel broke %s while the VM was running: %v", when, m.Agent.Err())}, nil
	}
	if ctx.Err() != nil {
		return verdict.Evidence{}, ctx.Err()
	}
	return m.Death(phase, when, string(m.VM.Console().Bytes())), nil
}

// Death is the evidence of a VM that has exited.
func (m *Machine) Death(phase verdict.Phase, when, log string) verdict.Evidence {
	exit := m.VM.Exit()
	return verdict.Evidence{Phase: phase, When: when, Exit: &exit, Log: log, Confirm: m.confirm}
}

// Died is PostMortem's verdict, for steps outside a cell.
func (m *Machine) Died(ctx context.Context, phase verdict.Phase, when string) error {
	e, err := m.PostMortem(ctx, phase, when)
	if err != nil {
		return err
	}
	return verdict.Terminated(e)
}
