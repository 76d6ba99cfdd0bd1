package web

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

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
