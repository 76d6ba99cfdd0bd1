// Package store keeps runs in SQLite: it records attempts durably, reads runs
// and cells back, and says which process holds a run's lock. It does not know
// how a cell is run, judged or shown. Read schema.go first, then record.go for
// writing, and lookup.go and read.go for reading.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/splicelab/splicelab/internal/osfile"
)

// busyTimeout is how long to wait for another process's write lock, in
// milliseconds. Writes are short: only finishing a large run takes longer than
// an fsync.
const busyTimeout = 30_000

// smallestDatabase is the size of SQLite's smallest page, in bytes.
const smallestDatabase = 512

// Store keeps runs in one SQLite file. Its methods are safe for concurrent use,
// and several processes may open the same file. When a recording method returns
// nil, its data survives a crash of the process and of the host.
type Store struct {
	path  string
	write *sql.DB // one connection: SQLite has one writer anyway
	read  *sql.DB // readers see a snapshot and never block on the writer
}

// Open opens the store in the file at path. It creates a missing file and its
// directories, and migrates an older schema.
func Open(path string) (*Store, error) { return OpenNoting(path, func(string) {}) }

// OpenNoting is Open that calls note with a line if migrating takes so long that
// the user should know.
func OpenNoting(path string, note func(string)) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("results file %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("results file %s: %w: name a directory that can be written", path, err)
	}
	switch st, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("results file: %w", err)
	case !st.Mode().IsRegular():
		return nil, fmt.Errorf("results file %s is not a regular file (%s): name another one", path, st.Mode().Type())
	case st.Size() > 0 && st.Size() < smallestDatabase:
		// SQLite treats such a file as empty and would overwrite it.
		return nil, fmt.Errorf("%s is not a results database: name another results file or move this one away", path)
	}
	s := &Store{path: path}
	// Switching to WAL needs exclusive access, for which SQLite does not wait as
	// it does for other locks: opening is serialised by a lock on the directory.
	lock, err := osfile.LockDir(context.Background(), filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("results file %s: lock its directory: %w", path, err)
	}
	defer lock.Close() // unlocks
	if s.write, err = sql.Open("sqlite", dsn(path, "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)")+"&_txlock=immediate"); err != nil {
		return nil, s.explain(err)
	}
	s.write.SetMaxOpenConns(1)
	if err := migrate(context.Background(), s.write, path, note); err != nil {
		return nil, errors.Join(s.explain(err), s.write.Close())
	}
	if s.read, err = sql.Open("sqlite", dsn(path, "query_only(1)")); err != nil {
		return nil, errors.Join(s.explain(err), s.write.Close())
	}
	s.read.SetMaxOpenConns(4)
	s.sweepLive()
	return s, nil
}

// Close closes the file. Recorded data is durable without it.
func (s *Store) Close() error {
	// The writer is last: the last connection checkpoints the WAL.
	return errors.Join(s.read.Close(), s.write.Close())
}

// Path is the absolute path of the store's file.
func (s *Store) Path() string { return s.path }

// dsn is the data source name with the pragmas of every connection.
func dsn(path string, pragmas ...string) string {
	q := url.Values{"_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", busyTimeout)}, pragmas...)}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// explain adds a remedy to a database error.
func (s *Store) explain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	remedy := ""
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%s is not a results database: name another results file or move this one away: %w", s.path, err)
	case sqlite3.SQLITE_CORRUPT:
		remedy = "the file is corrupt: move it away, or recover it with sqlite3's .recover"
	case sqlite3.SQLITE_FULL:
		remedy = "the disk is full: free some space; everything recorded so far is kept"
	case sqlite3.SQLITE_IOERR:
		remedy = "reading or writing failed: check the disk and its free space; everything recorded so far is kept"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		remedy = "the file and its directory must be writable: fix their permissions or name another results file"
	case sqlite3.SQLITE_BUSY:
		remedy = "another process has held the write lock for too long: stop it or wait"
	default:
		return fmt.Errorf("results file %s: %w", s.path, err)
	}
	return fmt.Errorf("results file %s: %s: %w", s.path, remedy, err)
}
