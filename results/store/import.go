package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results"
)

// Import records a finished run with all of its attempts in one transaction.
// known reports that a run with this id already exists; then nothing is
// recorded.
func (s *Store) Import(ctx context.Context, r results.Run, attempts []results.Attempt) (known bool, err error) {
	if r.ID == "" || sanitize.Line(r.ID) != r.ID {
		return false, fmt.Errorf("run id %q: must be one printable line", r.ID)
	}
	if r.Started.IsZero() || r.Finished.IsZero() {
		return false, fmt.Errorf("run %s: no start or finish time", r.ID)
	}
	selectCells(&r, attempts)
	command, err := json.Marshal(append([]string{}, r.Command...))
	if err != nil {
		return false, err
	}
	err = s.change(ctx, func(tx *sql.Tx) error {
		added, err := insertRun(ctx, tx, r, string(command))
		if err != nil {
			return err
		}
		if !added {
			known = true
			return nil
		}
		for _, a := range attempts {
			a = results.SafeAttempt(a)
			if err := check(a); err != nil {
				return err
			}
			covariates, err := encodeMap(a.Covariates)
			if err != nil {
				return err
			}
			if _, err := insertAttempt(ctx, tx, r.ID, a, covariates); err != nil {
				return fmt.Errorf("attempt %d at %s: %w", a.N, a.CellKey, err)
			}
		}
		if err := noteNewest(ctx, tx, ofRun, r.ID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE run SET finished = ?, problem = ? WHERE id = ?`, nanos(r.Finished), sanitize.Line(r.Problem), r.ID); err != nil {
			return err
		}
		tally, err := countCells(ctx, tx, r.ID)
		if err != nil {
			return err
		}
		return putTally(ctx, tx, r.ID, nanos(r.Finished), tally)
	})
	return known && err == nil, err
}

// selectCells sets the kernels and filesystems of a run to those of its attempts.
func selectCells(r *results.Run, attempts []results.Attempt) {
	r.Kernels, r.Selected.Filesystems = nil, nil
	kernels, filesystems := map[string]bool{}, map[string]bool{}
	for i := range attempts {
		a := &attempts[i]
		if !kernels[a.Kernel] {
			kernels[a.Kernel] = true
			k := a.Release()
			k.Version = a.Version // what the name tells is not recorded
			r.Kernels = append(r.Kernels, k)
		}
		filesystems[sanitize.Line(a.FS)] = true
	}
	r.Selected.Filesystems = slices.Sorted(maps.Keys(filesystems))
}
