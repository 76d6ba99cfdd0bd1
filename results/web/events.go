package web

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// retryAfter is the delay after which a client reconnects.
const retryAfter = 2 * time.Second

func isStream(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/events") }

// events sends the progress of a run as server-sent events, until the run ends,
// the client disconnects, or the server stops.
//
// A client that reconnects with the id of the last event that it saw gets the
// later ones. A new client gets the state of the run, and one that was away for
// too long gets a reset: both then read the cells, which contain everything
// from before the stream began.
func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	run, err := s.find(r.Context(), r.PathValue("ref"))
	if err != nil {
		return err
	}
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		w.Header().Set("Retry-After", "10")
		return &requestError{http.StatusServiceUnavailable, fmt.Sprintf("%d event streams are open, the maximum: close another page", cap(s.streams))}
	}
	t, err := s.hub.join(r.Context(), run.ID)
	if err != nil {
		return err
	}
	defer s.hub.leave(t)

	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies buffer streams otherwise
	if r.Method == http.MethodHead {
		return nil
	}
	stream := &stream{w: w, control: http.NewResponseController(w), patience: s.limits.write, epoch: t.epoch}
	err = s.follow(r, t, stream)
	if stream.begun {
		return nil // the client has disconnected or is too slow, and can reconnect
	}
	return err
}

// errBehind means that a client is so slow that its next event was discarded.
var errBehind = errors.New("the client is too far behind")

func (s *Server) follow(r *http.Request, t *topic, out *stream) error {
	last := orDefault(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after"))
	seen, resumed := t.resume(last)
	var greeting bytes.Buffer
	fmt.Fprintf(&greeting, "retry: %d\n\n", retryAfter.Milliseconds())
	if !resumed {
		if last != "" {
			reset := t.snapshot()
			reset.Kind, reset.Tally = kindReset, nil
			writeEvent(&greeting, t.epoch, seen, encodeEvent(reset))
		}
		writeEvent(&greeting, t.epoch, seen, encodeEvent(t.snapshot()))
	}
	if err := out.send(greeting.Bytes()); err != nil {
		return err
	}
	beat := time.NewTicker(s.limits.heartbeat)
	defer beat.Stop()
	for {
		events, newest, more, over, ok := t.since(seen)
		if !ok {
			return errBehind
		}
		if len(events) > 0 {
			if err := out.events(events, newest-len(events)+1); err != nil {
				return err
			}
			seen = newest
			continue // there may be more by now
		}
		if over {
			return nil
		}
		select {
		case <-more:
		case <-beat.C:
			if err := out.send([]byte(": still here\n\n")); err != nil {
				return err
			}
		case <-r.Context().Done():
			return r.Context().Err()
		}
	}
}

// resume returns the number of the last event that a client saw, if all later
// ones are still there; else that of the last event, or of the one before the
// end.
func (t *topic) resume(id string) (seen int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	newest := t.first + len(t.events) - 1
	if epoch, number, found := strings.Cut(id, "-"); found && epoch == t.epoch {
		if n, err := strconv.Atoi(number); err == nil && n >= t.first-1 && n <= newest {
			return n, true
		}
	}
	if t.over {
		return newest - 1, false
	}
	return newest, false
}
