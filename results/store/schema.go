package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// applicationID marks a SQLite file as ours ("SPLC"), so that another program's
// database is rejected.
const applicationID = 0x53504c43

// migrations[i] brings a database from schema version i to i+1. Append only: a
// released migration is never edited.
var migrations = [...]string{
	// Attempts are clustered by key, so that reading a run is one contiguous scan.
	// Texts of up to 64 KiB each are in a table of their own, which the scan skips.
	`CREATE TABLE run (
		id         TEXT PRIMARY KEY,
		started    INTEGER NOT NULL, -- ns since the epoch
		finished   INTEGER NOT NULL, -- 0: not finished
		policy     TEXT NOT NULL,
		accel      TEXT NOT NULL,
		seed       TEXT NOT NULL,    -- decimal: SQLite's integers are signed
		command    TEXT NOT NULL,    -- JSON array
		conditions TEXT NOT NULL,    -- JSON object
		planned    INTEGER NOT NULL,
		problem    TEXT NOT NULL,
		tally      TEXT NOT NULL     -- JSON, fixed when the run finishes; before: empty
	) WITHOUT ROWID;
	CREATE INDEX run_started ON run (started, id);
	CREATE TABLE log (
		id      INTEGER PRIMARY KEY,
		output  TEXT NOT NULL,
		console TEXT NOT NULL
	);
	CREATE TABLE attempt (
		run        TEXT NOT NULL REFERENCES run (id),
		kernel     TEXT NOT NULL,
		fs         TEXT NOT NULL,
		test       TEXT NOT NULL,
		n          INTEGER NOT NULL,
		verdict    TEXT NOT NULL,
		outcome    TEXT NOT NULL,
		kind       TEXT NOT NULL,
		detail     TEXT NOT NULL,
		duration   INTEGER NOT NULL, -- ns
		finished   INTEGER NOT NULL, -- ns since the epoch
		covariates TEXT NOT NULL,    -- JSON object
		log        INTEGER REFERENCES log (id),
		PRIMARY KEY (run, kernel, fs, test, n)
	) WITHOUT ROWID;`,
	// How an attempt's time was spent, in ns; all 0: unknown.
	`ALTER TABLE attempt ADD COLUMN queue INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE attempt ADD COLUMN spawn INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE attempt ADD COLUMN restore INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE attempt ADD COLUMN boot INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE attempt ADD COLUMN agent INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE attempt ADD COLUMN testing INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE attempt ADD COLUMN collect INTEGER NOT NULL DEFAULT 0;`,
	// Marks: names for runs, such as "baseline".
	`CREATE TABLE mark (
		name TEXT PRIMARY KEY,
		run  TEXT NOT NULL REFERENCES run (id)
	) WITHOUT ROWID;
	CREATE INDEX mark_run ON mark (run);`,
	// What the lab needs to resume a run, and for how long the run was paused. A
	// plan has ended when no cell of it is pending.
	`ALTER TABLE run ADD COLUMN paused INTEGER NOT NULL DEFAULT 0; -- ns
	CREATE TABLE plan (
		run      TEXT PRIMARY KEY REFERENCES run (id),
		document TEXT NOT NULL,
		ended    INTEGER NOT NULL DEFAULT 0
	);`,
	// A release may hide the upstream version, as Debian's do. Of older runs,
	// what their plan knows is kept; the digest is in the run's conditions.
	`CREATE TABLE kernel (
		run      TEXT NOT NULL REFERENCES run (id),
		release  TEXT NOT NULL,
		version  TEXT NOT NULL, -- upstream; empty: not known
		arch     TEXT NOT NULL,
		flavour  TEXT NOT NULL,
		digest   TEXT NOT NULL, -- hex SHA-256; empty: not fetched
		PRIMARY KEY (run, release)
	) WITHOUT ROWID;
	INSERT INTO kernel (run, release, version, arch, flavour, digest)
		SELECT plan.run, k.value ->> '$.release', coalesce(k.value ->> '$.version', ''), 'amd64', coalesce(k.value ->> '$.flavour', ''),
			coalesce(k.value ->> '$.digest', (SELECT value FROM json_each(run.conditions) WHERE key = 'kernel ' || (k.value ->> '$.release')), '')
		FROM plan JOIN run ON run.id = plan.run,
			json_each(CASE WHEN json_valid(plan.document) THEN plan.document ELSE '{}' END, '$.kernels') AS k
		WHERE k.value ->> '$.release' IS NOT NULL
		ON CONFLICT DO NOTHING;`,
	// What began a run and what it was asked to test, so that lists need not read
	// attempts. Of older runs, what their command, plan and attempts say for
	// certain.
	`ALTER TABLE run ADD COLUMN origin TEXT NOT NULL DEFAULT 'user';
	ALTER TABLE run ADD COLUMN filesystems TEXT NOT NULL DEFAULT '[]'; -- JSON array
	ALTER TABLE run ADD COLUMN tests TEXT NOT NULL DEFAULT '';         -- in words; empty: not known
	UPDATE run SET origin = CASE command ->> '$[1]'
		WHEN 'nightly' THEN 'nightly' WHEN 'bisect' THEN 'bisect' WHEN 'repro' THEN 'repro' WHEN 'bench' THEN 'bench'
		WHEN 'tests' THEN CASE command ->> '$[2]' WHEN 'compare' THEN 'compare' WHEN 'prove' THEN 'prove' ELSE 'user' END
		WHEN 'results' THEN CASE command ->> '$[2]' WHEN 'import' THEN 'import' ELSE 'user' END
		ELSE 'user' END WHERE json_valid(command);
	UPDATE run SET
		filesystems = (SELECT json_group_array(p.value ->> '$.name') FROM json_each(plan.document, '$.profiles') AS p WHERE p.value ->> '$.name' IS NOT NULL),
		tests = CASE
			WHEN plan.document ->> '$.asked.tests' <> '' THEN plan.document ->> '$.asked.tests'
			WHEN plan.document ->> '$.asked."tests-from"' <> '' THEN 'user suites'
			WHEN plan.document ->> '$.asked.all' = 'true' THEN 'all cells'
			WHEN plan.document ->> '$.asked.priority' <> '9' THEN 'priority 0 to ' || (plan.document ->> '$.asked.priority')
			WHEN plan.document ->> '$.asked.all' = 'false' THEN 'quick cells'
			ELSE '' END
		FROM plan WHERE plan.run = run.id AND json_valid(plan.document);
	UPDATE run SET filesystems = (SELECT json_group_array(fs) FROM (SELECT DISTINCT attempt.fs FROM attempt WHERE attempt.run = run.id ORDER BY attempt.fs))
		WHERE filesystems = '[]';
	INSERT INTO kernel (run, release, version, arch, flavour, digest)
		SELECT DISTINCT run, kernel, '', '', '', '' FROM attempt WHERE run NOT IN (SELECT run FROM kernel);
	-- The newest run that has a verdict for a cell, of the runs that are no steps
	-- of another command: see newest.go.
	CREATE TABLE newest (
		kernel TEXT NOT NULL,
		fs     TEXT NOT NULL,
		test   TEXT NOT NULL,
		run    TEXT NOT NULL,
		PRIMARY KEY (kernel, fs, test)
	) WITHOUT ROWID;
	CREATE INDEX newest_test ON newest (test);
	INSERT INTO newest (kernel, fs, test, run)
		SELECT attempt.kernel, attempt.fs, attempt.test, run.id FROM run CROSS JOIN attempt ON attempt.run = run.id
		WHERE attempt.verdict <> 'infra' AND run.origin IN ('user', 'nightly', 'import')
		ORDER BY run.started DESC, run.id DESC
		ON CONFLICT DO NOTHING;`,
	// Some architectures have kernels with pages of several sizes. Where it is not
	// recorded, the flavour tells it: see results.Platform.
	`ALTER TABLE kernel ADD COLUMN page_size INTEGER NOT NULL DEFAULT 0; -- bytes; 0: not known`,
}

// migrate brings the database to the current schema in one transaction.
func migrate(ctx context.Context, db *sql.DB, path string, note func(string)) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreDone(tx.Rollback()))
		}
	}()
	var app, version, tables int
	for pragma, v := range map[string]*int{
		"PRAGMA application_id":              &app,
		"PRAGMA user_version":                &version,
		"SELECT count(*) FROM sqlite_schema": &tables,
	} {
		if err := tx.QueryRowContext(ctx, pragma).Scan(v); err != nil {
			return err
		}
	}
	switch {
	case app != applicationID && (app != 0 || tables > 0):
		return fmt.Errorf("%s is the database of another program: choose another results file or move this one away", path)
	case version > len(migrations):
		return fmt.Errorf("%s was written by a newer splicelab (schema %d; this version supports up to %d): use the newer version or choose another results file",
			path, version, len(migrations))
	case version == len(migrations):
		return tx.Commit()
	}
	err = whileSlow(slowMigration, func() {
		note(fmt.Sprintf("updating %s to schema %d; this happens once, and takes some time if there are many cells", path, len(migrations)))
	}, func() error {
		for _, m := range migrations[version:] {
			if _, err := tx.ExecContext(ctx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	// PRAGMA takes no bound parameters.
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(migrations))); err != nil {
		return err
	}
	return tx.Commit()
}

// slowMigration is how long a migration takes without a word.
const slowMigration = time.Second

// whileSlow calls slow once if work takes longer than patience. It returns only
// when neither runs.
func whileSlow(patience time.Duration, slow func(), work func() error) error {
	told := make(chan struct{})
	timer := time.AfterFunc(patience, func() {
		defer close(told)
		slow()
	})
	err := work()
	if !timer.Stop() {
		<-told
	}
	return err
}

// ignoreDone ignores the error of rolling back a finished transaction.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}
