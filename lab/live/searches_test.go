package live

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSearches(t *testing.T) {
	state := t.TempDir()
	if all, err := searches(state); err != nil || all == nil || len(all) != 0 {
		t.Errorf("without a bisection: %v, %v", all, err)
	}
	dir := filepath.Join(state, "bisect")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	const journal = `{"format": 1, "question": {"kind": "packages", "test": "^s.TestA$", "filesystem": "xfs", "confidence": "0.99"}, "begun": "2026-11-23T20:00:00Z",
		"terms": {"good": "snapshot", "bad": "zeroed"}, "tallies": {"6.1": [{"verdict": "pass", "outcome": "snapshot", "n": 9}, {"verdict": "fail", "outcome": "zeroed", "n": 2}]},
		"runs": ["20261123-200000-aaaaaaa"], "state": {"good": "6.1", "bad": "6.9", "between": 3, "step": 4, "steps": 6, "sureness": 0.995, "subject": "6.5", "tried": 2, "need": 7, "low": 0.25, "high": 0.75, "at": 0.5}}`
	if err := os.WriteFile(filepath.Join(dir, "0123.json"), []byte(journal), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := searches(state)
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	s := all[0]
	if s.Test != "^s.TestA$" || s.FS != "xfs" || s.Wanted != 0.99 || s.Confidence != 0.995 || s.Low != 0.25 || s.High != 0.75 || s.At != 0.5 || s.Between != 3 || s.GoodMark != "snapshot" || s.Running {
		t.Errorf("%+v", s)
	}
	if len(s.Subjects) != 1 || s.Subjects[0].Attempts != 11 || s.Subjects[0].Good != 9 || s.Subjects[0].Bad != 2 || len(s.Runs) != 1 {
		t.Errorf("%+v", s.Subjects)
	}
}
