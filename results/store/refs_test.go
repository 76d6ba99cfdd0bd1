package store

import (
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestRunReferences(t *testing.T) {
	ctx := t.Context()
	s := fresh(t)
	if _, err := s.Run(ctx, "latest"); err == nil || !strings.Contains(err.Error(), "no runs yet") {
		t.Errorf("latest of an empty store: %v", err)
	}
	for i, id := range []string{"2026-a1", "2026-a2", "2026-b1"} {
		run := resultstest.Run(id, time.Duration(i)*time.Second)
		resultstest.Must(t, s.BeginRun(ctx, run))
		resultstest.Must(t, s.FinishRun(ctx, id, run.Started.Add(time.Minute), ""))
	}
	for _, c := range []struct{ ref, id, err string }{
		{ref: "latest", id: "2026-b1"},
		{ref: "latest~0", id: "2026-b1"},
		{ref: "latest~2", id: "2026-a1"},
		{ref: "latest~3", err: `no run "latest~3": use latest, latest~1, a date, @baseline, or one of 2026-b1, 2026-a2, 2026-a1`},
		{ref: "2026-b", id: "2026-b1"},
		{ref: "2026-a2", id: "2026-a2"},
		{ref: "2026-a", err: `run "2026-a" is ambiguous: 2026-a2, 2026-a1`},
		{ref: "", err: `no run ""`},
		{ref: "%", err: `no run "%"`},
		{ref: "latest1", err: `no run "latest1"`},
		{ref: "latest~-1", err: `no run "latest~-1"`},
		{ref: "latest~99999999999", err: `no run`},
	} {
		r, err := s.Run(ctx, c.ref)
		switch {
		case c.err == "" && (err != nil || r.ID != c.id):
			t.Errorf("%q: %q, %v; want %q", c.ref, r.ID, err, c.id)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%q: %v; want %q", c.ref, err, c.err)
		}
	}
	runs, err := s.Runs(ctx)
	resultstest.Must(t, err)
	if len(runs) != 3 || runs[0].ID != "2026-b1" || runs[2].ID != "2026-a1" {
		t.Errorf("runs are not newest first: %v", runs)
	}
}

// "latest" and dates mean runs that a user made and that have finished. Others
// are reached by their ids.
func TestLatestIsAFinishedRunOfTheUser(t *testing.T) {
	ctx, s := t.Context(), fresh(t)
	add := func(id string, hour int, origin results.Origin, plan string, end string) {
		t.Helper()
		r := resultstest.Run(id, time.Duration(hour)*time.Hour)
		r.Origin, r.Plan = origin, plan
		resultstest.Must(t, s.BeginRun(ctx, r))
		if end == "ended" {
			resultstest.Must(t, s.EndPlan(ctx, id))
		}
		if end != "killed" {
			resultstest.Must(t, s.FinishRun(ctx, id, r.Started.Add(time.Minute), ""))
		}
	}
	add("imported", 0, results.OriginImport, "", "ended")
	add("nightly", 1, results.OriginNightly, "{}", "ended")
	add("user", 2, "", "{}", "ended")
	add("bisect", 3, results.OriginBisect, "", "ended")
	add("repro", 4, results.OriginRepro, "", "ended")
	add("interrupted", 5, results.OriginUser, "{}", "stopped") // finished, with pending cells
	add("killed", 6, results.OriginUser, "{}", "killed")
	add("newer", 7, "of a newer version", "", "ended")
	add("killed-step", 8, results.OriginBisect, "", "killed")

	day := resultstest.T0.Local().AddDate(0, 0, 1).Format("2006-01-02")
	for ref, want := range map[string]string{
		"latest": "user", "latest~1": "nightly", "latest~2": "imported", "latest~3": "", day: "user", "unfinished": "killed",
		"bisect": "bisect", "inter": "interrupted", "newer": "newer",
	} {
		r, err := s.Run(ctx, ref)
		if r.ID != want || (err == nil) != (want != "") {
			t.Errorf("%s is %q, %v; want %q", ref, r.ID, err, want)
		}
	}
	if r, err := s.NewestRun(ctx); err != nil || r.ID != "killed" {
		t.Errorf("the newest run is %q, %v", r.ID, err)
	}
	upTo := func(last *results.Run) (ids string) {
		t.Helper()
		runs, err := s.RunsUpTo(ctx, last)
		resultstest.Must(t, err)
		for _, r := range runs {
			ids += r.ID + " "
		}
		return ids
	}
	step, err := s.Run(ctx, "bisect")
	resultstest.Must(t, err)
	if got, want := upTo(nil)+"| "+upTo(&step), "killed interrupted user nightly imported | bisect user nightly imported "; got != want {
		t.Errorf("runs are %s, want %s", got, want)
	}
	runs, err := s.Runs(ctx)
	resultstest.Must(t, err)
	pending := ""
	for _, r := range runs {
		if r.Pending {
			pending += r.ID + " "
		}
	}
	if pending != "killed-step killed interrupted " {
		t.Errorf("with pending cells: %s", pending)
	}
}
