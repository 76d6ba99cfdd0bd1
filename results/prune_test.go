package results

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
)

// What is removed is given back to the disk, and what stays is still there.
func TestPruneAndCompact(t *testing.T) {
	ctx, s := t.Context(), open(t, filepath.Join(t.TempDir(), "results.db"))
	for i, id := range []string{"a", "b", "c"} {
		must(t, s.BeginRun(ctx, run(id, time.Duration(i)*24*time.Hour)))
		for n := range 50 {
			a := attempt(CellKey{"6.1.1", "xfs", fmt.Sprintf("splice.Test%d", n)}, 1, outcome.Fail, outcome.Zeroed)
			a.Output = strings.Repeat("x", 8<<10)
			must(t, s.AddAttempt(ctx, id, a))
		}
		must(t, s.FinishRun(ctx, id, t0.Add(time.Hour), ""))
	}
	must(t, s.Mark(ctx, Baseline, "a"))
	before := t0.Add(36 * time.Hour)
	would, err := s.Prunable(ctx, before)
	must(t, err)
	did, err := s.Prune(ctx, before)
	must(t, err)
	if d := cmp.Diff([]string{"b"}, would); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(would, did); d != "" {
		t.Errorf("what Prunable names is not what Prune removes: %s", d)
	}
	size := func() int64 {
		st, err := os.Stat(s.Path())
		must(t, err)
		return st.Size()
	}
	_, err = s.write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	must(t, err)
	was := size()
	freed, err := s.Compact(ctx)
	must(t, err)
	if is := size(); freed < 300<<10 || is > was-freed/2 {
		t.Errorf("freed %d: the file had %d bytes and has %d", freed, was, is)
	}
	if again, err := s.Compact(ctx); again != 0 || err != nil {
		t.Errorf("nothing to give back, yet %d, %v", again, err)
	}
	cells, err := s.Cells(ctx, "a")
	must(t, err)
	if len(cells) != 50 {
		t.Errorf("%d cells are left of a marked run", len(cells))
	}
}
