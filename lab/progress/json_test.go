package progress

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// objectsOf decodes lines, which must be objects with all fields and no others.
func objectsOf(t *testing.T, text string) (all []Object) {
	t.Helper()
	whole, err := json.Marshal(Object{})
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(whole, &fields); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		var has map[string]any
		var o Object
		if err := json.Unmarshal([]byte(line), &has); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for name := range fields {
			if _, ok := has[name]; !ok {
				t.Errorf("%s has no %s", line, name)
			}
		}
		if len(has) != len(fields) {
			t.Errorf("%s has other fields", line)
		}
		all = append(all, o)
	}
	return all
}

func TestProgressAsJSON(t *testing.T) {
	var out strings.Builder
	stream, err := Choice{Mode: JSON}.Open(&out)
	if err != nil {
		t.Fatal(err)
	}
	clock := &steps{time.Unix(0, 0)}
	p := New(stream)
	p.now, p.last = clock.now, clock.now()
	p.Event(sched.Event{Kind: sched.Planned, Run: "r", Total: 20, Kernels: 2})
	p.Event(sched.Event{Kind: sched.Preparing, Total: 20, Kernels: 2, Work: sched.WorkTemplate, Cell: results.CellKey{Kernel: "6.12", FS: "xfs"}, Nth: 1, Of: 2})
	clock.pass(time.Second)
	p.Event(sched.Event{Kind: sched.Finished, Done: 1, Total: 20, Kernels: 2, Estimate: left(40, 0.4), Attempt: results.Attempt{
		Verdict: outcome.Pass, Kind: outcome.Characterisation, Outcome: outcome.Live}})
	p.Event(sched.Event{Kind: sched.Notice, Done: 1, Total: 20, Text: "VMs are booted\x1b[2J"})
	p.Event(finished(outcome.Crash, 2, 20)) // too soon for another object
	clock.pass(time.Second)
	p.Event(finished(outcome.Infra, 3, 20))
	p.Close()
	p.Event(finished(outcome.Pass, 4, 20))
	if _, err := stream.Write([]byte("splicelab: warning: one\n\ntwo\n")); err != nil {
		t.Fatal(err)
	}
	got := objectsOf(t, out.String())
	var kinds []string
	for _, o := range got {
		kinds = append(kinds, o.Kind)
	}
	if diff := cmp.Diff([]string{"plan", "progress", "progress", "notice", "progress", "end", "notice", "notice"}, kinds); diff != "" {
		t.Fatalf("(-want +got):\n%s%s", diff, out.String())
	}
	if got[1].Phase != "making the template of 6.12 on xfs (1 of 2)" || got[1].LeftSeconds != nil {
		t.Errorf("before the first cell: %+v", got[1])
	}
	if o := got[2]; o.Run != "r" || o.LeftSeconds == nil || *o.LeftSeconds != 40 || o.Rate != 0.4 || o.Classes[outcome.Deviates] != 1 || o.Phase != "" {
		t.Errorf("after the first cell: %+v", o)
	}
	if strings.Contains(got[3].Text, "\x1b") || got[3].Text == "" {
		t.Errorf("notice %q", got[3].Text)
	}
	want := map[outcome.Class]int{outcome.Violates: 1, outcome.Deviates: 1, outcome.Passes: 0, outcome.Skips: 0, outcome.Undecided: 1}
	if diff := cmp.Diff(want, got[5].Classes); diff != "" || got[5].Done != 3 {
		t.Errorf("at the end %d are done, classes (-want +got):\n%s", got[5].Done, diff)
	}
}

// A mode decides for everything that shows progress on a stream, and a file gets
// the objects alone.
func TestModes(t *testing.T) {
	for _, c := range []struct {
		choice string
		lines  int // on standard error
	}{{"plain", 3}, {"none", 1}, {"auto", 3}} {
		var out strings.Builder
		var choice Choice
		if err := choice.Set(c.choice); err != nil {
			t.Fatal(err)
		}
		stream, err := choice.Open(&out)
		if err != nil {
			t.Fatal(err)
		}
		p := New(stream)
		p.Event(sched.Event{Kind: sched.Planned, Total: 20})
		p.Event(sched.Event{Kind: sched.Notice, Total: 20, Text: "a notice"})
		p.Close()
		NewLine(stream).Show("building")
		if got := strings.Count(out.String(), "\n"); got != c.lines {
			t.Errorf("%s: %d lines, want %d:\n%s", c.choice, got, c.lines, out.String())
		}
	}
	for _, bad := range []string{"", "yaml", "json:", "plain:file"} {
		if new(Choice).Set(bad) == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}
