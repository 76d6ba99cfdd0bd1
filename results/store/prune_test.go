package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

// The space of removed runs is freed, and the other runs are intact.
func TestPruneAndCompact(t *testing.T) {
	ctx, s := t.Context(), open(t, filepath.Join(t.TempDir(), "results.db"))
	for i, id := range []string{"a", "b", "c"} {
		resultstest.Must(t, s.BeginRun(ctx, resultstest.Run(id, time.Duration(i)*24*time.Hour)))
		for n := range 50 {
			a := resultstest.Attempt(results.CellKey{Kernel: "6.1.1", FS: "xfs", Test: fmt.Sprintf("splice.Test%d", n)}, 1, outcome.Fail, outcome.Zeroed)
			a.Output = strings.Repeat("x", 8<<10)
			resultstest.Must(t, s.AddAttempt(ctx, id, &a))
		}
		resultstest.Must(t, s.FinishRun(ctx, id, resultstest.T0.Add(time.Hour), ""))
	}
	resultstest.Must(t, s.Mark(ctx, results.Baseline, "a"))
	before := resultstest.T0.Add(36 * time.Hour)
	would, err := s.Prunable(ctx, before)
	resultstest.Must(t, err)
	did, err := s.Prune(ctx, before)
	resultstest.Must(t, err)
	if d := cmp.Diff([]string{"b"}, would); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(would, did); d != "" {
		t.Errorf("Prunable and Prune differ: %s", d)
	}
	size := func() int64 {
		st, err := os.Stat(s.Path())
		resultstest.Must(t, err)
		return st.Size()
	}
	_, err = s.write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	resultstest.Must(t, err)
	was := size()
	freed, err := s.Compact(ctx)
	resultstest.Must(t, err)
	if is := size(); freed < 300<<10 || is > was-freed/2 {
		t.Errorf("freed %d: the file had %d bytes and has %d", freed, was, is)
	}
	if again, err := s.Compact(ctx); again != 0 || err != nil {
		t.Errorf("nothing to free, yet %d, %v", again, err)
	}
	cells, err := s.Cells(ctx, "a")
	resultstest.Must(t, err)
	if len(cells) != 50 {
		t.Errorf("%d cells are left of a marked run", len(cells))
	}
}
