package web

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/page"
)

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
