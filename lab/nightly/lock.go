package nightly

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/splicelab/splicelab/internal/osfile"
)

const lockName = "nightly.lock"

// Holder describes the process that holds the lock, as recorded in the lock
// file. A record left there tells the next nightly run that this one was
// killed.
type Holder struct {
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
	Run   string    `json:"run"` // empty until there is one
}

// BusyError reports that another nightly run has not finished.
type BusyError struct {
	Path   string
	Holder Holder // zero if it cannot be read
}

func (e *BusyError) Error() string {
	who := "another nightly run"
	if e.Holder.PID != 0 {
		who = fmt.Sprintf("a nightly run (PID %d, since %s)", e.Holder.PID, e.Holder.Since.Local().Format("2006-01-02 15:04:05"))
		if e.Holder.Run != "" {
			who = fmt.Sprintf("a nightly run (PID %d, since %s, run %s)", e.Holder.PID, e.Holder.Since.Local().Format("2006-01-02 15:04:05"), e.Holder.Run)
		}
	}
	return fmt.Sprintf("%s holds the lock %s: nothing done", who, e.Path)
}

// lock is held for the duration of a nightly run. The kernel releases it
// however the process dies.
type lock struct {
	file   *os.File
	holder Holder
}

// acquire takes the lock in a directory without waiting. left describes the
// previous nightly run if it was killed, else it is nil.
func acquire(dir string, now time.Time) (l *lock, left *Holder, err error) {
	path := filepath.Join(dir, lockName)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, fmt.Errorf("state directory: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, nil, fmt.Errorf("nightly lock: %w", err)
	}
	err = osfile.Try(f, osfile.Exclusive)
	var held *osfile.HeldError
	before, _ := readHolder(f) // unreadable while it is being written; then the holder is unknown
	switch {
	case errors.As(err, &held):
		return nil, nil, errors.Join(&BusyError{Path: path, Holder: before}, f.Close())
	case err != nil:
		return nil, nil, errors.Join(fmt.Errorf("nightly lock %s: %w", path, err), f.Close())
	}
	if before.PID != 0 {
		left = &before
	}
	return &lock{file: f, holder: Holder{PID: os.Getpid(), Since: now}}, left, nil
}

func readHolder(f *os.File) (Holder, error) {
	var h Holder
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 4096))
	if err != nil || len(b) == 0 {
		return h, err
	}
	return h, json.Unmarshal(b, &h)
}

// write records the holder and its run in the lock file.
func (l *lock) write(run string) error {
	if l == nil {
		return nil
	}
	l.holder.Run = run
	b, err := json.Marshal(l.holder)
	if err != nil {
		return err
	}
	b = append(b, '\n')
	// Overwrite a longer record with spaces, which JSON ignores: truncating
	// first would leave a moment without a record.
	if st, err := l.file.Stat(); err == nil {
		for int64(len(b)) < st.Size() {
			b = append(b, ' ')
		}
	}
	if _, err := l.file.WriteAt(b, 0); err != nil {
		return fmt.Errorf("nightly lock: %w", err)
	}
	return l.file.Sync()
}

// release records that the nightly run finished, and releases the lock. The
// file stays: if it were removed, two processes could lock two files of the
// same name.
func (l *lock) release() error {
	if l == nil {
		return nil
	}
	err := l.file.Truncate(0)
	return errors.Join(err, l.file.Close())
}
