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
	_, err := tx.ExecContext(ctx, `INSERT INTO kernel (run, release, version, arch, flavour, page_size, digest) VALUES (?,?,?,?,?,?,?)
		ON CONFLICT (run, release) DO UPDATE SET version = excluded.version, arch = excluded.arch, flavour = excluded.flavour,
			page_size = excluded.page_size, digest = excluded.digest`,
		runID, sanitize.Line(k.Name), k.Version.String(), sanitize.Line(k.Arch), sanitize.Line(k.Flavour), k.PageSize, k.Digest)
	return err
}

const kernelColumns = `run, release, version, arch, flavour, page_size, digest`

// kernelsOf returns the recorded kernels of a run by release.
func kernelsOf(ctx context.Context, q querier, runID string) (map[string]results.Kernel, error) {
	return kernelsByRelease(ctx, q, `SELECT `+kernelColumns+` FROM kernel WHERE run = ?`, runID)
}

// allKernels returns the recorded kernels of all runs by release. Of kernels that
// have a release in common it is the one of the newest run that knows the version.
func allKernels(ctx context.Context, q querier) (map[string]results.Kernel, error) {
	return kernelsByRelease(ctx, q, `SELECT '', release, version, arch, flavour, page_size, '' FROM kernel JOIN run ON run.id = kernel.run
		GROUP BY release, version, arch, flavour, page_size ORDER BY version <> '', max(run.started)`)
}

func kernelsByRelease(ctx context.Context, q querier, query string, args ...any) (map[string]results.Kernel, error) {
	all := map[string]results.Kernel{}
	err := scanKernels(ctx, q, func(_ string, k results.Kernel) { all[k.Name] = k }, query, args...)
	return all, err
}

// scanKernels calls f with the kernels that a query of kernelColumns finds, and
// their runs.
func scanKernels(ctx context.Context, q querier, f func(run string, k results.Kernel), query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		var run, version string
		var k results.Kernel
		if err := rows.Scan(&run, &k.Name, &version, &k.Arch, &k.Flavour, &k.PageSize, &k.Digest); err != nil {
			return errors.Join(err, rows.Close())
		}
		if err := k.Version.UnmarshalText([]byte(version)); err != nil {
			return errors.Join(fmt.Errorf("run %s: version of kernel %s: %w", run, k.Name, err), rows.Close())
		}
		k.Platform = k.Platform.OfRelease(k.Name)
		f(run, k)
	}
	return errors.Join(rows.Err(), rows.Close())
}

// versioned is a kernel with the version in its name if none is recorded.
func versioned(k results.Kernel) results.Kernel {
	if k.Version.IsZero() {
		k.Release = kernelversion.ReleaseOf(k.Name)
	}
	return k
}

// plannedKernels returns the kernels that runs have or were to have, in order, by
// run.
func (s *Store) plannedKernels(ctx context.Context) (map[string][]results.Kernel, error) {
	all := map[string][]results.Kernel{}
	if err := scanKernels(ctx, s.read, func(run string, k results.Kernel) { all[run] = append(all[run], versioned(k)) },
		`SELECT `+kernelColumns+` FROM kernel`); err != nil {
		return nil, err
	}
	for _, of := range all {
		slices.SortFunc(of, results.Kernel.Compare)
	}
	return all, nil
}

// named returns the kernels of these releases, in order, as far as they are
// recorded.
func named(releases []string, recorded map[string]results.Kernel) []results.Kernel {
	var all []results.Kernel
	for _, release := range releases {
		k, ok := recorded[release]
		if !ok {
			k = results.KernelOf(release)
		}
		all = append(all, versioned(k))
	}
	slices.SortFunc(all, results.Kernel.Compare)
	return all
}

// Kernels returns the kernels that a run has cells of, those of a flavour together
// and oldest first.
func (s *Store) Kernels(ctx context.Context, runID string) ([]results.Kernel, error) {
	recorded, err := kernelsOf(ctx, s.read, runID)
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
	releases, err := texts(rows)
	return named(releases, recorded), s.explain(err)
}
