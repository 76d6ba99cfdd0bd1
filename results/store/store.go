// Package store keeps runs in SQLite: it records attempts durably, reads runs
// and cells back, and says which process holds a run's lock. It must not know
// how a cell is run, judged or shown. Read schema.go first, then record.go for
// what is written and lookup.go and read.go for what is read.
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

// busyTimeout is how long a process waits for another that is writing, in
// milliseconds. Writes are short; only finishing a large run takes longer
// than an fsync.
const busyTimeout = 30_000

// smallestDatabase is the size of SQLite's smallest page, in bytes.
const smallestDatabase = 512

// Store keeps runs in one SQLite file. Its methods may be called from
// several goroutines, and several processes may have the same file open.
// What a method acknowledged survives the death of the process and of the
// machine.
type Store struct {
	path  string
	write *sql.DB // one connection: SQLite has one writer anyway
	read  *sql.DB // readers see a snapshot and never wait for the writer
}

// Open opens the store in the file at path, which is created, with its
// directories, when it is missing, and brought to this version's schema when
// it is older.
func Open(path string) (*Store, error) {
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
		// SQLite takes such a file for an empty one and would overwrite it.
		return nil, fmt.Errorf("%s is not a results database: name another results file or move this one away", path)
	}
	s := &Store{path: path}
	// Changing to WAL needs the file alone, and SQLite does not wait for that
	// as it does for other locks: opening is serialised on the directory.
	lock, err := osfile.LockDir(context.Background(), filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("results file %s: lock its directory: %w", path, err)
	}
	defer lock.Close() // frees it
	if s.write, err = sql.Open("sqlite", dsn(path, "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)")+"&_txlock=immediate"); err != nil {
		return nil, s.explain(err)
	}
	s.write.SetMaxOpenConns(1)
	if err := migrate(context.Background(), s.write, path); err != nil {
		return nil, errors.Join(s.explain(err), s.write.Close())
	}
	if s.read, err = sql.Open("sqlite", dsn(path, "query_only(1)")); err != nil {
		return nil, errors.Join(s.explain(err), s.write.Close())
	}
	s.read.SetMaxOpenConns(4)
	return s, nil
}

// Close releases the file. What was acknowledged is safe without it.
func (s *Store) Close() error {
	// The writer is last: the last connection folds the log into the file.
	return errors.Join(s.read.Close(), s.write.Close())
}

// Path is the absolute path of the store's file.
func (s *Store) Path() string { return s.path }

// dsn names the file to the driver with the pragmas of every connection.
func dsn(path string, pragmas ...string) string {
	q := url.Values{"_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", busyTimeout)}, pragmas...)}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// explain says what a database error means for the person at the terminal.
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
		remedy = "the file is damaged: move it away, or recover it with sqlite3's .recover"
	case sqlite3.SQLITE_FULL:
		remedy = "the disk is full: free some space; everything acknowledged so far is kept"
	case sqlite3.SQLITE_IOERR:
		remedy = "reading or writing failed: check the disk and its free space; everything acknowledged so far is kept"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		remedy = "the file and its directory must be writable: mend their permissions or name another results file"
	case sqlite3.SQLITE_BUSY:
		remedy = "another process has been writing for too long: end it or wait"
	default:
		return fmt.Errorf("results file %s: %w", s.path, err)
	}
	return fmt.Errorf("results file %s: %s: %w", s.path, remedy, err)
}
