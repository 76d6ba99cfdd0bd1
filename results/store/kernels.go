package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results"
)

// SetKernel records a kernel of a run. It replaces what was recorded at the
// start of the run, when a kernel that had not been fetched had no digest.
func (s *Store) SetKernel(ctx context.Context, runID string, k results.Kernel) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		if _, err := openRun(ctx, tx, runID); err != nil {
			return err
		}
		return putKernel(ctx, tx, runID, k)
	})
}

func putKernel(ctx context.Context, tx *sql.Tx, runID string, k results.Kernel) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO kernel (run, release, version, arch, flavour, digest) VALUES (?,?,?,?,?,?)
		ON CONFLICT (run, release) DO UPDATE SET version = excluded.version, arch = excluded.arch, flavour = excluded.flavour, digest = excluded.digest`,
		runID, sanitize.Line(k.Name), k.Version.String(), k.Arch, sanitize.Line(k.Flavour), k.Digest)
	return err
}

// versions returns the stored upstream versions of a run's kernels by release.
func versions(ctx context.Context, q querier, runID string) (map[string]kernelversion.Version, error) {
	rows, err := q.QueryContext(ctx, `SELECT release, version FROM kernel WHERE run = ?`, runID)
	if err != nil {
		return nil, err
	}
	all := map[string]kernelversion.Version{}
	for rows.Next() {
		var release, text string
		if err := rows.Scan(&release, &text); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		var v kernelversion.Version
		if err := v.UnmarshalText([]byte(text)); err != nil {
			return nil, errors.Join(fmt.Errorf("run %s: kernel %s: %w", runID, release, err), rows.Close())
		}
		all[release] = v
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// Kernels returns the kernels that a run has cells of, oldest first.
func (s *Store) Kernels(ctx context.Context, runID string) ([]kernelversion.Release, error) {
	known, err := versions(ctx, s.read, runID)
	if err != nil {
		return nil, s.explain(err)
	}
	// Skip from each kernel to the next by the primary key: SQLite's DISTINCT
	// would read all attempts.
	rows, err := s.read.QueryContext(ctx, `WITH RECURSIVE k (release) AS (
			SELECT min(kernel) FROM attempt WHERE run = ?1
			UNION ALL
			SELECT (SELECT min(kernel) FROM attempt WHERE run = ?1 AND kernel > k.release) FROM k WHERE k.release IS NOT NULL)
		SELECT release FROM k WHERE release IS NOT NULL`, runID)
	if err != nil {
		return nil, s.explain(err)
	}
	defer func() { _ = rows.Close() }() // its error is rows.Err's
	var all []kernelversion.Release
	for rows.Next() {
		var release string
		if err := rows.Scan(&release); err != nil {
			return nil, s.explain(err)
		}
		a := results.Attempt{CellKey: results.CellKey{Kernel: release}, Version: known[release]}
		all = append(all, a.Release())
	}
	slices.SortFunc(all, kernelversion.Release.Compare)
	return all, s.explain(rows.Err())
}
