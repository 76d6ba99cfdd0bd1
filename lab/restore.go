package lab

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/internal/protocol/reseed"
	"github.com/splicelab/splicelab/lab/template"
	"github.com/splicelab/splicelab/lab/vm"
)

// This file makes machines of templates.

// held is a test process that waits for its Release.
type held struct {
	exec  uint64
	token string
}

// fromTemplate starts a machine where a template stands. It stands there until
// resume.
func (l *Lab) fromTemplate(ctx context.Context, cfg vm.Config, t *template.Template) (*machine, error) {
	var n notes
	if err := json.Unmarshal(t.Notes, &n); err != nil {
		return nil, infraf("template %s: %v", t.Dir, err)
	}
	cfg.Template = t.Dir
	m, err := l.startVM(ctx, cfg)
	if err != nil {
		return nil, err
	}
	m.ctl.resume(n.Requests)
	m.restored, m.paused = true, true
	if n.Exec != 0 {
		m.held = &held{n.Exec, n.Token}
	}
	return m, nil
}

// resume lets a machine go on that was restored. What would be the same in all
// machines from one template it gets anew: time and entropy, which a process
// that waits is told with the name of its test.
func (m *machine) resume(ctx context.Context) error {
	if !m.paused {
		return nil
	}
	m.paused = false
	if err := m.vm.(*vm.VM).Resume(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return infraf("the restored machine does not go on: %v", err)
	}
	if m.held != nil {
		return nil
	}
	_, err := m.ctl.call(ctx, protocol.Request{Clock: &protocol.Clock{UnixNano: time.Now().UnixNano(), Entropy: entropy()}})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return infraf("the restored machine does not take the time: %v", err)
}

func entropy() []byte {
	b := make([]byte, reseed.EntropyLen)
	_, _ = rand.Read(b) // never fails
	return b
}

// machine returns one for a group's pending cells, booted or at a standstill
// where a template was. again says that the last attempt came to nothing: such
// a machine is booted, in case that the template is what is wrong.
func (r *runner) machine(ctx context.Context, spec *machineSpec, g group, pending []PlannedTest, again bool) (*machine, error) {
	if r.lab.templates == nil {
		return r.lab.boot(ctx, spec)
	}
	why := "the attempt before was the lab's own fault, or is to be confirmed"
	if !again {
		m, err := r.restored(ctx, spec, g, pending)
		var none *noTemplateError
		if !errors.As(err, &none) {
			return m, err
		}
		why = none.reason
		r.notice(g.kernel.Release + ": machines are booted, and not restored: " + why)
	}
	m, err := r.lab.boot(ctx, spec)
	if m != nil {
		m.booted = why
	}
	return m, err
}

// restored returns a machine at a standstill, from the topmost layer that
// serves this cell.
func (r *runner) restored(ctx context.Context, spec *machineSpec, g group, pending []PlannedTest) (*machine, error) {
	t, err := r.lab.template(ctx, spec, r.topmost(g, pending))
	if err != nil {
		return nil, err
	}
	return r.lab.fromTemplate(ctx, r.lab.vmConfig(spec), t)
}

// topmost is the suite whose process waits in the template that serves these
// cells, or "". A process waits for one cell; of the user's own suites nothing
// is known that would let them wait.
func (r *runner) topmost(g group, pending []PlannedTest) string {
	if _, own := r.lab.own(pending[0].Suite); own || len(g.tests) > 1 {
		return ""
	}
	return pending[0].Suite
}
