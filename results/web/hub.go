package web

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/page"
	"github.com/splicelab/splicelab/results/store"
)

// hub polls the store on behalf of all clients that watch runs, once for all of
// them. Without clients it does nothing.
type hub struct {
	server *Server

	mu     sync.Mutex
	topics map[string]*topic
	joined chan struct{} // wakes the loop
}

func newHub(s *Server) *hub {
	return &hub{server: s, topics: map[string]*topic{}, joined: make(chan struct{}, 1)}
}

// topic is a run that clients watch, with its latest events.
type topic struct {
	id    string // of the run
	epoch string // distinguishes its events from those of another topic of the run
	watch *store.Watch
	ready chan struct{} // closed when the run was read for the first time
	err   error         // why that failed

	version  int64     // of the store, before the run was read last
	reported time.Time // when the pace was last reported
	stalled  bool      // the last report: no progress
	running  bool      // the last report: a process is executing the run

	mu      sync.Mutex
	state   page.Event // the state of the run after the last event
	first   int        // number of events[0]; they count from 1
	events  []event
	news    chan struct{} // closed and replaced when there are more
	over    bool          // there will be no more
	clients int
	idle    time.Time // when the last client left
}

// event is an encoded event.
type event struct {
	body []byte
}

// paceInterval is the interval at which the pace is reported while no cell finishes.
const paceInterval = 5 * time.Second

// join adds a client to the topic of a run. The client has to leave it.
func (h *hub) join(ctx context.Context, id string) (*topic, error) {
	h.mu.Lock()
	t := h.topics[id]
	first := t == nil
	if first {
		t = &topic{id: id, epoch: rand.Text()[:8], watch: h.server.cfg.Store.Watch(id), ready: make(chan struct{}), first: 1, news: make(chan struct{})}
		h.topics[id] = t
	}
	t.mu.Lock()
	t.clients++
	t.mu.Unlock()
	h.mu.Unlock()
	if first {
		// On behalf of all clients that join in the meantime, so this client's
		// context must not cancel it.
		t.err = h.look(context.WithoutCancel(ctx), t, true)
		if t.err != nil {
			h.forget(t)
		}
		close(t.ready)
	}
	select {
	case <-t.ready:
	case <-ctx.Done():
		h.leave(t)
		return nil, ctx.Err()
	}
	if t.err != nil {
		h.leave(t)
		return nil, t.err
	}
	select {
	case h.joined <- struct{}{}:
	default: // the loop is awake
	}
	return t, nil
}

func (h *hub) leave(t *topic) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clients--
	t.idle = h.server.now()
}

// forget removes a topic. Clients may still read its events.
func (h *hub) forget(t *topic) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.topics[t.id] == t {
		delete(h.topics, t.id)
	}
}

// run polls the store as long as a client watches.
func (h *hub) run(ctx context.Context) {
	pause := time.NewTimer(h.server.limits.poll)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		if h.empty() {
			select {
			case <-ctx.Done():
				return
			case <-h.joined:
			}
		}
		from := time.Now()
		h.poll(ctx)
		// A store that is slow to read is read less often.
		pause.Reset(max(h.server.limits.poll, 5*time.Since(from)))
	}
}

func (h *hub) empty() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.topics) == 0
}

// poll looks once at each run that is watched and may have changed.
func (h *hub) poll(ctx context.Context) {
	version, err := h.server.changes.Version(context.WithoutCancel(ctx))
	if err != nil {
		h.server.cfg.Log(err)
		return
	}
	running, err := h.server.cfg.Store.Running()
	if err != nil {
		h.server.cfg.Log(err)
		return
	}
	h.mu.Lock()
	var ready []*topic
	for _, t := range h.topics {
		select {
		case <-t.ready:
			ready = append(ready, t)
		default:
		}
	}
	h.mu.Unlock()
	now := h.server.now()
	for _, t := range ready {
		switch {
		case t.abandoned(now, h.server.limits.linger):
			h.forget(t)
		case t.version != version || running.Has(t.id) != t.running || !t.stalled && now.Sub(t.reported) >= paceInterval:
			if err := h.look(ctx, t, false); err != nil && ctx.Err() == nil {
				h.server.cfg.Log(err)
			}
		}
	}
}

func (t *topic) abandoned(now time.Time, linger time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.clients == 0 && now.Sub(t.idle) >= linger
}

// look reads what is new in a run and publishes it as events. The first look
// publishes none: new clients read the run itself. Only one goroutine calls it
// at a time: the one that created the topic, then the loop.
func (h *hub) look(ctx context.Context, t *topic, first bool) error {
	version, err := h.server.changes.Version(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	running, err := h.server.cfg.Store.Running()
	if err != nil {
		return err
	}
	now := h.server.now()
	p, err := t.watch.Look(ctx, now)
	var gone *results.RunError
	if errors.As(err, &gone) && !first {
		// It was pruned while it was watched.
		t.publish(h.server.limits.kept, []page.Event{{Kind: kindEnd}}, t.state, true)
		h.forget(t)
		return nil
	}
	if err != nil {
		return err
	}
	t.version = version
	over := !p.Finished.IsZero()
	state := page.Event{Kind: kindRun, Tally: &p.Tally, Planned: p.Planned, Done: p.Cells, Running: !over && running.Has(t.id)}
	live := pace(&state, p)
	if !first && !over && len(p.Came) == 0 && state.Planned == t.state.Planned && state.Doing == t.state.Doing && state.Running == t.state.Running && now.Sub(t.reported) < paceInterval {
		return nil // another run changed
	}
	t.reported, t.stalled, t.running = now, state.Rate == 0 && !live, running.Has(t.id)
	var events []page.Event
	if !first {
		events = h.arrivals(p, state)
	}
	if over {
		end := state
		end.Kind = kindEnd
		events = append(events, end)
	}
	t.publish(h.server.limits.kept, events, state, over)
	if over {
		h.forget(t)
	}
	return nil
}

// pace sets the rate and the remaining time of a run that a process is running:
// those that the process itself shows, so that page and terminal agree. It
// reports whether there are such.
func pace(state *page.Event, p store.Progress) bool {
	if !state.Running {
		return false
	}
	if l := p.Live; l != nil {
		state.Rate, state.Left, state.Doing = l.Rate, l.Left.Seconds(), l.Doing
		return true
	}
	if p.Span > 0 { // it was begun by an older splicelab
		state.Rate = float64(p.Recent) / p.Span.Seconds()
	}
	return false
}

// The kinds of events; see docs/api.md.
const (
	kindCell  = "cell"
	kindRetry = "retry"
	kindRun   = "run"
	kindEnd   = "end"
	kindReset = "reset"
)

// arrivals returns the events for finished cells and the resulting state of the
// run. If there are more than a client could keep up with, it returns one
// reset.
func (h *hub) arrivals(p store.Progress, state page.Event) []page.Event {
	if len(p.Came) > h.server.limits.kept/2 {
		return []page.Event{{Kind: kindReset, Planned: state.Planned, Done: state.Done, Running: state.Running, Rate: state.Rate, Left: state.Left, Doing: state.Doing}, state}
	}
	cells := make([]results.Cell, len(p.Came))
	for i, a := range p.Came {
		cells[i] = a.Cell
	}
	var events []page.Event
	for i, c := range h.server.cfg.Judge.Judge(p.Run, cells) {
		e := state
		e.Kind, e.Tally = kindCell, nil
		if p.Came[i].Again {
			e.Kind = kindRetry
		}
		e.Cell = &page.EventCell{
			Kernel: c.Kernel, FS: c.FS, Test: c.Test, Verdict: c.Verdict, Outcome: c.Outcome, Class: c.Class(), Detail: c.Detail,
			Attempts: c.Attempts, Flaky: c.Flaky, Expected: c.Expected, DurationMS: c.Duration.Milliseconds(),
		}
		events = append(events, e)
	}
	return append(events, state)
}

// publish adds events, and drops the oldest if there are too many.
func (t *topic) publish(kept int, events []page.Event, state page.Event, over bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range events {
		t.events = append(t.events, event{encodeEvent(e)})
	}
	if extra := len(t.events) - kept; extra > 0 {
		t.events = append([]event(nil), t.events[extra:]...)
		t.first += extra
	}
	t.state, t.over = state, over
	if len(events) > 0 {
		close(t.news)
		t.news = make(chan struct{})
	}
}

func encodeEvent(e page.Event) []byte {
	// Only strings, numbers and maps of these: it cannot fail.
	body, _ := json.Marshal(e) //nolint:errchkjson // Rate and Left are finite
	return body
}

// since returns the events after number n, the number of the last one, and a
// channel that is closed when there are more. ok is false if some of them are
// gone.
func (t *topic) since(n int) (events []event, last int, more <-chan struct{}, over, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	last = t.first + len(t.events) - 1
	if n < t.first-1 || n > last {
		return nil, last, t.news, t.over, false
	}
	return t.events[n-t.first+1:], last, t.news, t.over, true
}
