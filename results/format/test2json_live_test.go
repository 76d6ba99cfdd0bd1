package format

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/results"
)

// eventsByTest are a document's events by package and test, without what depends
// on the order in which cells finished.
func eventsByTest(t *testing.T, content []byte) map[string][]test2jsonEvent {
	t.Helper()
	all := map[string][]test2jsonEvent{}
	for line := range bytes.Lines(content) {
		var e test2jsonEvent
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		e.Time, e.Elapsed = nil, nil
		key := e.Package + " " + e.Test
		all[key] = append(all[key], e)
	}
	return all
}

// nested verifies that each event of a test is between its run and its end, that
// of a subtest between those of its parent, and everything between the start and
// the end of its package.
func nested(t *testing.T, content []byte) {
	t.Helper()
	open := map[string]bool{}
	for line := range bytes.Lines(content) {
		var e test2jsonEvent
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		name := e.Package + " " + e.Test
		parent, _, sub := strings.Cut(e.Test, "/")
		switch e.Action {
		case "start", "run":
			if open[name] {
				t.Errorf("%s begins twice", name)
			}
			if e.Action == "run" && !open[e.Package+" "] || sub && !open[e.Package+" "+parent] {
				t.Errorf("%s begins outside its package or its parent", name)
			}
			open[name] = true
		default:
			if !open[name] {
				t.Errorf("%s of %s, which is not running", e.Action, name)
			}
			if e.Action == "pass" || e.Action == "fail" || e.Action == "skip" {
				delete(open, name)
			}
		}
	}
	for name := range open {
		t.Errorf("%q never ends", name)
	}
}

// In whatever order cells finish, and wherever the run is interrupted, the live
// events of the cells are those of the report.
func TestLiveTest2JSON(t *testing.T) {
	d := sample()
	// A test that is a cell, and has a subtest that is one.
	own := d.Cells[slices.IndexFunc(d.Cells, func(c results.Cell) bool { return strings.Contains(c.Test, "/") })]
	own.Test, _, _ = strings.Cut(own.Test, "/")
	d.Cells = append(d.Cells, own)
	results.Sort(d.Cells)
	var planned []results.CellKey
	for _, c := range d.Cells {
		planned = append(planned, c.CellKey)
	}
	for seed := range uint64(40) {
		order := rand.New(rand.NewPCG(seed, 0)).Perm(len(d.Cells))
		order = order[:len(order)-int(seed)%len(order)]
		part := d
		part.Cells = nil
		var live bytes.Buffer
		w := NewLiveTest2JSON(&live, d.Run, planned, d.Attempts)
		for _, i := range order {
			before := live.Len()
			if err := w.Cell(d.Cells[i]); err != nil {
				t.Fatal(err)
			}
			if text := live.Bytes()[before:]; len(text) > 0 && text[len(text)-1] != '\n' {
				t.Errorf("a cell wrote %q", text)
			}
			part.Cells = append(part.Cells, d.Cells[i])
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		results.Sort(part.Cells)
		var report bytes.Buffer
		if err := WriteTest2JSON(&report, part); err != nil {
			t.Fatal(err)
		}
		nested(t, report.Bytes())
		nested(t, live.Bytes())
		if diff := cmp.Diff(eventsByTest(t, report.Bytes()), eventsByTest(t, live.Bytes())); diff != "" {
			t.Fatalf("order %v (-report +live):\n%s", order, diff)
		}
	}
}
