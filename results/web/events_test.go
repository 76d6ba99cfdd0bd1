package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
)

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
