package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/page"
)

// received is one event of a stream.
type received struct {
	id string
	page.Event
}

// what is the content of an event, without numbers that depend on time.
func (e received) what() string {
	if e.Cell != nil {
		return shown(e.Kind, e.Cell.Test, e.Cell.Verdict, e.Cell.Attempts, e.Done, "of", e.Planned)
	}
	return shown(e.Kind, e.Done, "of", e.Planned)
}

// subscriber reads a stream of events.
type subscriber struct {
	t    *testing.T
	body io.ReadCloser
	in   *bufio.Reader
	last string // id of the last event
}

func subscribe(t *testing.T, address, ref, lastID string) *subscriber {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/api/runs/"+ref+"/events", http.NoBody)
	must(t, err)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() })
	if ct := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || ct != "text/event-stream" || answer.Header.Get("Content-Encoding") != "" {
		t.Fatalf("%s, %v", answer.Status, answer.Header)
	}
	return &subscriber{t: t, body: answer.Body, in: bufio.NewReader(answer.Body), last: lastID}
}

// next is the next event; io.EOF when the server has closed the stream.
func (s *subscriber) next() (received, error) {
	s.t.Helper()
	var e received
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return e, err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			e.id = value
		case "data":
			validate(s.t, "Event", []byte(value))
			if err := json.Unmarshal([]byte(value), &e.Event); err != nil {
				return e, err
			}
		case "":
			if e.id == "" {
				continue // a heartbeat, or the retry interval
			}
			s.last = e.id
			return e, nil
		}
	}
}

// until reads events up to the wanted one and returns their contents.
func (s *subscriber) until(last string) []string {
	s.t.Helper()
	var all []string
	for {
		e, err := s.next()
		if err != nil {
			s.t.Fatalf("after %q: %v", all, err)
		}
		all = append(all, e.what())
		if all[len(all)-1] == last {
			return all
		}
	}
}

// cellsIn are the events of cells among all.
func cellsIn(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return !strings.HasPrefix(s, "cell ") && !strings.HasPrefix(s, "retry ") })
}

// TestEvents follows a run that another connection writes: each cell is reported
// once, also to a client that reconnects, and so is the end.
func TestEvents(t *testing.T) {
	ctx := t.Context()
	path := storePath(t)
	sampleStore(t, path)
	writer := openStore(t, path) // as another process would
	const id = "20261123-211420-live"
	add := func(test string, n int, v outcome.Verdict) {
		t.Helper()
		must(t, writer.AddAttempt(ctx, id, new(attempt("6.12.1", "xfs", test, n, v, outcome.None))))
	}
	add("s.TestBefore", 1, outcome.Pass)
	address, _ := serving(t, testServer(t, Config{Store: openStore(t, path)}, quick))

	s := subscribe(t, address, "unfinished", "")
	if first, err := s.next(); err != nil || first.what() != "run 1 of 8" || first.Tally.Verdicts[outcome.Pass] != 1 {
		t.Fatalf("the first event: %+v, %v", first, err)
	}
	add("s.TestA", 1, outcome.Fail)
	if diff := cmp.Diff([]string{"cell s.TestA fail 1 2 of 8", "run 2 of 8"}, s.until("run 2 of 8")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	add("s.TestA", 2, outcome.Pass)
	if diff := cmp.Diff([]string{"retry s.TestA fail 2 2 of 8"}, cellsIn(s.until("retry s.TestA fail 2 2 of 8"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	e, err := s.next()
	must(t, err)
	if e.what() != "run 2 of 8" || e.Tally.Flaky != 1 {
		t.Errorf("after a second attempt: %+v", e)
	}

	// Disconnected while three cells finish, then reconnected with the id of the
	// last event.
	must(t, s.body.Close())
	other := subscribe(t, address, id, "")
	for _, test := range []string{"s.TestB", "s.TestC", "s.TestD"} {
		add(test, 1, outcome.Pass)
	}
	other.until("run 5 of 8")
	s = subscribe(t, address, id, s.last)
	want := []string{"cell s.TestB pass 1 X of 8", "cell s.TestC pass 1 X of 8", "cell s.TestD pass 1 X of 8"}
	got := cellsIn(s.until("run 5 of 8"))
	for i := range got { // the number done depends on how they were batched
		words := strings.Fields(got[i])
		words[4] = "X"
		got[i] = strings.Join(words, " ")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after reconnecting (-want +got):\n%s", diff)
	}

	must(t, writer.FinishRun(ctx, id, t0.Add(3*time.Hour), ""))
	for _, one := range []*subscriber{s, other} {
		if all := one.until("end 5 of 8"); len(cellsIn(all)) > 0 {
			t.Errorf("cells were reported twice: %q", all)
		}
		if e, err := one.next(); !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %+v, %v", e, err)
		}
	}
	// A client that connects after the end gets the final state.
	if all := subscribe(t, address, id, "").until("end 5 of 8"); len(all) != 2 || all[0] != "run 5 of 8" {
		t.Errorf("of a finished run: %q", all)
	}
	// A client with an event id of an earlier topic has to read the run again.
	if all := subscribe(t, address, id, s.last).until("end 5 of 8"); all[0] != "reset 5 of 8" {
		t.Errorf("with an outdated id: %q", all)
	}
	failure(t, ask(testServer(t, Config{Store: writer}, quick).Handler(), "GET", "/api/runs/nobody/events"), http.StatusNotFound)
}

// TestEventsPruned: a run that is removed while it is watched is over.
func TestEventsPruned(t *testing.T) {
	path := storePath(t)
	writer := openStore(t, path)
	must(t, writer.BeginRun(t.Context(), newRun("r", 0, 3)))
	address, _ := serving(t, testServer(t, Config{Store: openStore(t, path)}, quick))
	s := subscribe(t, address, "r", "")
	s.until("run 0 of 3")
	_, err := writer.Prune(t.Context(), t0.Add(time.Hour))
	must(t, err)
	s.until("end 0 of 0")
	if _, err := s.next(); !errors.Is(err, io.EOF) {
		t.Errorf("the stream of a removed run: %v", err)
	}
}

// TestClientsSharePolling: the number of clients does not change how often the
// store is polled.
func TestClientsSharePolling(t *testing.T) {
	path := storePath(t)
	writer := openStore(t, path)
	must(t, writer.BeginRun(t.Context(), newRun("r", 0, 3)))
	server := testServer(t, Config{Store: openStore(t, path)}, quick)
	address, _ := serving(t, server)
	var all []*subscriber
	for range 50 {
		s := subscribe(t, address, "r", "")
		s.until("run 0 of 3")
		all = append(all, s)
	}
	must(t, writer.AddAttempt(t.Context(), "r", new(attempt("6.1", "xfs", "s.TestA", 1, outcome.Pass, outcome.None))))
	ids := map[string]bool{}
	for _, s := range all {
		if got := cellsIn(s.until("run 1 of 3")); len(got) != 1 {
			t.Errorf("the cells %q were reported", got)
		}
		ids[s.last] = true
	}
	if len(ids) != 1 {
		t.Errorf("the clients were sent different events: %v", ids)
	}
	server.hub.mu.Lock()
	defer server.hub.mu.Unlock()
	if len(server.hub.topics) != 1 {
		t.Errorf("%d runs are watched", len(server.hub.topics))
	}
}

// TestTooFarBehind: a client that reconnects after more events than the server
// keeps gets a reset, reads the run again, and misses nothing.
func TestTooFarBehind(t *testing.T) {
	path := storePath(t)
	writer := openStore(t, path)
	ctx := t.Context()
	must(t, writer.BeginRun(ctx, newRun("r", 0, 100)))
	l := quick
	l.kept = 8
	address, _ := serving(t, testServer(t, Config{Store: openStore(t, path)}, l))
	s, other := subscribe(t, address, "r", ""), subscribe(t, address, "r", "")
	s.until("run 0 of 100")
	other.until("run 0 of 100")
	must(t, s.body.Close())
	for i := range 20 {
		must(t, writer.AddAttempt(ctx, "r", new(attempt("6.1", "xfs", fmt.Sprint("s.Test", i), 1, outcome.Pass, outcome.None))))
		other.until(fmt.Sprint("run ", i+1, " of 100"))
	}
	s = subscribe(t, address, "r", s.last)
	if diff := cmp.Diff([]string{"reset 20 of 100", "run 20 of 100"}, s.until("run 20 of 100")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	must(t, writer.AddAttempt(ctx, "r", new(attempt("6.1", "xfs", "s.TestLast", 1, outcome.Pass, outcome.None))))
	if got := cellsIn(s.until("run 21 of 100")); len(got) != 1 {
		t.Errorf("the cells %q were reported", got)
	}
}

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

// TestPace: rate and remaining time are those that the run's process reports, as
// long as it does. Otherwise the rate is computed from when cells finished.
func TestPace(t *testing.T) {
	ctx := t.Context()
	store := openStore(t, storePath(t))
	must(t, store.BeginRun(ctx, newRun("r", 0, 100)))
	for i := range 30 { // a cell a second
		a := attempt("6.1", "xfs", fmt.Sprint("s.Test", i), 1, outcome.Pass, outcome.None)
		a.Finished = t0.Add(time.Duration(i+1) * time.Second)
		must(t, store.AddAttempt(ctx, "r", &a))
	}
	release, err := store.LockRun("r")
	must(t, err)
	defer release()
	server := testServer(t, Config{Store: store}, quick)
	must(t, store.SetLive("r", results.Live{At: t0.Add(2 * time.Hour), Left: 90 * time.Second, Rate: 2.5, Doing: "making a template"}))
	for _, c := range []struct {
		after      time.Duration
		rate, left float64
		doing      string
	}{{30 * time.Second, 1, 0, ""}, {60 * time.Second, 0.5, 0, ""}, {time.Hour, 0, 0, ""}, {2 * time.Hour, 2.5, 90, "making a template"}, {3 * time.Hour, 0, 0, ""}} {
		server.now = func() time.Time { return t0.Add(c.after) }
		topic, err := server.hub.join(ctx, "r")
		must(t, err)
		if e := topic.snapshot(); e.Rate != c.rate || e.Left != c.left || e.Doing != c.doing || e.Done != 30 {
			t.Errorf("after %s: %+v, want %v cells a second, %v s, %q", c.after, e, c.rate, c.left, c.doing)
		}
		server.hub.leave(topic)
		server.hub.forget(topic)
	}
}

// TestStopped: the server reports that a run's process has exited although it
// wrote nothing, and that another process resumes the run.
func TestStopped(t *testing.T) {
	path := storePath(t)
	writer := sampleStore(t, path)
	const id = "20261123-211420-live"
	server := testServer(t, Config{Store: openStore(t, path)}, quick)
	address, _ := serving(t, server)
	s := subscribe(t, address, id, "")
	reported := func(want bool) {
		t.Helper()
		e, err := s.next()
		if err != nil || e.Kind != kindRun || e.Running != want {
			t.Fatalf("%+v, %v; want running %t", e.Event, err, want)
		}
		if got := get[page.Run](t, server.Handler(), "/api/runs/"+id); got.Running != want {
			t.Errorf("the run has running %t, want %t", got.Running, want)
		}
		for _, run := range get[Runs](t, server.Handler(), "/api/runs").Runs {
			if run.Running != (want && run.ID == id) {
				t.Errorf("in the list %s has running %t", run.ID, run.Running)
			}
		}
	}
	reported(false)
	release, err := writer.LockRun(id)
	must(t, err)
	reported(true)
	release()
	reported(false)

	release, err = writer.LockRun(id)
	must(t, err)
	reported(true)
	must(t, writer.FinishRun(t.Context(), id, t0.Add(time.Hour), ""))
	reported(false)
	if e, err := s.next(); err != nil || e.Kind != kindEnd || e.Running {
		t.Errorf("at the end: %+v, %v", e.Event, err)
	}
	release()
}

// TestIdleTopicIsRemoved: a topic is removed some time after its last
// client has left, so that one that reconnects soon misses nothing.
func TestIdleTopicIsRemoved(t *testing.T) {
	store := openStore(t, storePath(t))
	must(t, store.BeginRun(t.Context(), newRun("r", 0, 3)))
	server := testServer(t, Config{Store: store}, quick)
	now := t0
	server.now = func() time.Time { return now }
	topic, err := server.hub.join(t.Context(), "r")
	must(t, err)
	server.hub.leave(topic)
	for _, c := range []struct {
		after time.Duration
		kept  bool
	}{{quick.linger - time.Second, true}, {quick.linger, false}} {
		now = t0.Add(c.after)
		server.hub.poll(context.WithoutCancel(t.Context()))
		if server.hub.empty() == c.kept {
			t.Errorf("%s after the last client left: kept is %v", c.after, !c.kept)
		}
	}
}

// TestReadersDoNotBlockWriters: attempts are stored while documents are being
// read.
func TestReadersDoNotBlockWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	writer := sampleStore(t, path)
	h := testServer(t, Config{Store: openStore(t, path)}, quick).Handler()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 40 {
			ask(h, "GET", fmt.Sprint("/api/map?tests=Test|", i))
		}
	}()
	n := 0
	for {
		n++
		if err := writer.AddAttempt(t.Context(), "20261123-211420-live", new(attempt("6.1", "xfs", fmt.Sprint("s.Test", n), 1, outcome.Pass, outcome.None))); err != nil {
			t.Fatal(err)
		}
		select {
		case <-done:
			if cells := get[page.Cells](t, h, "/api/runs/unfinished/cells"); len(cells.Kernel) != n {
				t.Errorf("%d of %d cells were read", len(cells.Kernel), n)
			}
			return
		default:
		}
	}
}
