package web

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestStopClosesStreams: open streams do not delay shutdown.
func TestStopClosesStreams(t *testing.T) {
	path := storePath(t)
	store := openStore(t, path)
	must(t, store.BeginRun(t.Context(), newRun("r", 0, 3)))
	address, stop := serving(t, testServer(t, Config{Store: store}, quick))
	s := subscribe(t, address, "r", "")
	s.until("run 0 of 3")
	from := time.Now()
	stop()
	if took := time.Since(from); took >= stopTime {
		t.Errorf("it took %s to stop", took)
	}
	if _, err := s.next(); err == nil {
		t.Error("the stream is still open")
	}
}

// TestHeartbeat: an idle stream sends heartbeats.
func TestHeartbeat(t *testing.T) {
	store := openStore(t, storePath(t))
	must(t, store.BeginRun(t.Context(), newRun("r", 0, 3)))
	l := quick
	l.heartbeat = 5 * time.Millisecond
	address, _ := serving(t, testServer(t, Config{Store: store}, l))
	s := subscribe(t, address, "r", "")
	for range 20 {
		line, err := s.in.ReadString('\n')
		must(t, err)
		if strings.HasPrefix(line, ":") {
			return
		}
	}
	t.Error("no heartbeat in twenty lines")
}

func TestTooManyStreams(t *testing.T) {
	store := openStore(t, storePath(t))
	must(t, store.BeginRun(t.Context(), newRun("r", 0, 3)))
	l := quick
	l.streams = 2
	server := testServer(t, Config{Store: store}, l)
	address, _ := serving(t, server)
	subscribe(t, address, "r", "").until("run 0 of 3")
	subscribe(t, address, "r", "").until("run 0 of 3")
	w := ask(server.Handler(), "GET", "/api/runs/r/events")
	failure(t, w, http.StatusServiceUnavailable)
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}
