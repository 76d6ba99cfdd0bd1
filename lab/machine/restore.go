package machine

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/internal/protocol/reseed"
	"github.com/splicelab/splicelab/lab/template"
	"github.com/splicelab/splicelab/lab/verdict"
	"github.com/splicelab/splicelab/lab/vm"
)

// Restore starts a VM from a spec's template, see Template. It is paused until
// Resume.
func (h *Host) Restore(ctx context.Context, spec *Spec, t *template.Template) (*Machine, error) {
	return h.restore(ctx, h.VMConfig(spec), t)
}

func (h *Host) restore(ctx context.Context, cfg vm.Config, t *template.Template) (*Machine, error) {
	n, err := notesOf(t)
	if err != nil {
		return nil, err
	}
	cfg.Template = t.Dir
	m, err := h.start(ctx, cfg)
	if err != nil {
		return nil, err
	}
	m.Agent.continueAfter(n.Requests)
	m.Restored, m.paused = true, true
	if n.Exec != 0 {
		m.Parked = &Parked{n.Exec, n.Token}
	}
	return m, nil
}

// Resume starts a restored VM; a booted one is already running. It replaces
// what all VMs of one template would share: the time and the entropy. A parked
// process gets both together with the name of its test.
func (m *Machine) Resume(ctx context.Context) error {
	if !m.paused {
		return nil
	}
	m.paused = false
	if err := m.VM.Resume(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return verdict.Faultf("the restored VM did not resume: %v", err)
	}
	if m.Parked != nil {
		return nil
	}
	_, err := m.Agent.Call(ctx, protocol.Request{Clock: &protocol.Clock{UnixNano: time.Now().UnixNano(), Entropy: Entropy()}})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return verdict.Faultf("the restored VM did not set its clock: %v", err)
}

// Entropy returns a seed for a restored VM's random number generator.
func Entropy() []byte {
	b := make([]byte, reseed.EntropyLen)
	_, _ = rand.Read(b) // never fails
	return b
}
