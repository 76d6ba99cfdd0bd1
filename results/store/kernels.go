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
	return readVersions(ctx, q, `SELECT release, version FROM kernel WHERE run = ?`, runID)
}

// allVersions returns the stored upstream versions of the kernels of all runs.
func allVersions(ctx context.Context, q querier) (map[string]kernelversion.Version, error) {
	return readVersions(ctx, q, `SELECT DISTINCT release, version FROM kernel WHERE version <> ''`)
}

func readVersions(ctx context.Context, q querier, query string, args ...any) (map[string]kernelversion.Version, error) {
	rows, err := q.QueryContext(ctx, query, args...)
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
			return nil, errors.Join(fmt.Errorf("version of kernel %s: %w", release, err), rows.Close())
		}
		all[release] = v
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// plannedKernels returns the kernels that runs have or were to have, oldest
// first, by run.
func (s *Store) plannedKernels(ctx context.Context) (map[string][]results.Kernel, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT run, release, version, arch, flavour, digest FROM kernel`)
	if err != nil {
		return nil, err
	}
	all := map[string][]results.Kernel{}
	for rows.Next() {
		var run, version string
		var k results.Kernel
		var v kernelversion.Version
		if err := rows.Scan(&run, &k.Name, &version, &k.Arch, &k.Flavour, &k.Digest); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		if err := v.UnmarshalText([]byte(version)); err != nil {
			return nil, errors.Join(fmt.Errorf("run %s: kernel %s: %w", run, k.Name, err), rows.Close())
		}
		k.Release = releaseOf(k.Name, v)
		all[run] = append(all[run], k)
	}
	for _, of := range all {
		slices.SortFunc(of, func(a, b results.Kernel) int { return a.Compare(b.Release) })
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// releaseOf is a release with its stored upstream version, or if that is zero
// the one in its name.
func releaseOf(name string, v kernelversion.Version) kernelversion.Release {
	a := results.Attempt{CellKey: results.CellKey{Kernel: name}, Version: v}
	return a.Release()
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
		all = append(all, releaseOf(release, known[release]))
	}
	slices.SortFunc(all, kernelversion.Release.Compare)
	return all, s.explain(rows.Err())
}
