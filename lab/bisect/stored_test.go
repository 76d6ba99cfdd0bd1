package bisect

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// Who only reads the journal of a search sees its bracket narrow, and at the end
// the two neighbours.
func TestReadStoredWatchesASearch(t *testing.T) {
	dir := t.TempDir()
	question := map[string]string{"kind": "packages", "test": "^x$"}
	journal, err := OpenJournal(dir, question, false)
	if err != nil {
		t.Fatal(err)
	}
	read := func() Stored {
		t.Helper()
		all, err := ReadStored(dir, 20)
		if err != nil || len(all) != 1 {
			t.Fatalf("%d searches, %v", len(all), err)
		}
		return all[0]
	}
	kernels := &history{show: from(23)}
	var seen []State
	watching := triers(func(ctx context.Context, subject string, n int) ([]Seen, error) {
		s := read()
		if !s.Running || s.Finished || s.State.Subject != subject {
			t.Errorf("while %s is tried it is %+v", subject, s)
		}
		seen = append(seen, s.State)
		return kernels.Try(ctx, subject, n)
	})
	j := &Judge{Trier: watching, Journal: journal, Confidence: 0.99, Budget: 50, OnState: func(State) {}}
	if _, err := j.Line(t.Context(), names(40), nil); err != nil {
		t.Fatal(err)
	}
	if first, last := seen[0], seen[len(seen)-1]; first.Low != 0 || first.High != 1 || last.High-last.Low > 0.1 {
		t.Errorf("the first state is %+v, the last %+v", first, last)
	}
	if err := journal.Finish(); err != nil {
		t.Fatal(err)
	}
	if err := journal.Close(); err != nil {
		t.Fatal(err)
	}
	s := read()
	if s.Running || !s.Finished || s.State.Good != names(40)[22] || s.State.Bad != names(40)[23] || s.State.Between != 0 || s.State.Subject != "" || s.Question["kind"] != "packages" {
		t.Errorf("finished, it is %+v", s)
	}
	if len(s.Subjects) != s.State.Step {
		t.Errorf("%d subjects were tried in %d steps", len(s.Subjects), s.State.Step)
	}
}

type triers func(ctx context.Context, subject string, n int) ([]Seen, error)

func (f triers) Try(ctx context.Context, subject string, n int) ([]Seen, error) {
	return f(ctx, subject, n)
}

func TestReadStoredLeavesOutWhatItCannotRead(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"a.json": "{", "b.json": `{"format": 2, "state": {}}`, "c.json": `{"format": 1}`, "d.txt": `{"format": 1, "state": {}}`,
		"e.json": `{"format": 1, "state": {}, "identities": {"one": "x", "two": "x"}, "tallies": {"x": [{"verdict": "pass", "n": 3}]}, "untestable": {"three": "no such"}}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := ReadStored(dir, 20)
	if err != nil || len(all) != 1 || all[0].ID != "e" || all[0].Running {
		t.Fatalf("%+v, %v", all, err)
	}
	if got := all[0].Subjects; len(got) != 3 || got[0].Name != "one" || got[0].Tally.Tries() != 3 || got[1].Untestable != "no such" || got[2].Name != "two" {
		t.Errorf("%+v", got)
	}
	if all, err := ReadStored(filepath.Join(dir, "none"), 20); err != nil || len(all) != 0 {
		t.Errorf("without a directory: %v, %v", all, err)
	}
}
