package vm

import (
	"context"

	"github.com/digitalocean/go-qemu/qmp"
)

// Events subscribes to the events from now on, until ctx or the connection
// ends, which closes the channel. Each call is a separate subscription. A
// reader that falls behind by more than 256 events loses the oldest ones.
func (m *Monitor) Events(ctx context.Context) (<-chan qmp.Event, error) {
	ch := make(chan qmp.Event, eventBacklog)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return nil, m.err
	}
	m.subs[ch] = context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if _, ok := m.subs[ch]; ok {
			delete(m.subs, ch)
			close(ch)
		}
	})
	return ch, nil
}

// publish sends e to each subscription. If one is full, its oldest event is
// dropped; there is no other sender, so the loop ends.
func (m *Monitor) publish(e qmp.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ch := range m.subs {
		for sent := false; !sent; {
			select {
			case ch <- e:
				sent = true
			default:
				select {
				case <-ch:
				default:
				}
			}
		}
	}
}
