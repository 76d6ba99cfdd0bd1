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

// Holder is who holds the lock, as the lock's file says. What a night that was
// killed left there tells the next one of it.
type Holder struct {
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
	Run   string    `json:"run"` // empty until there is one
}

// BusyError reports that another nightly run has not finished.
type BusyError struct {
	Path   string
	Holder Holder // zero when it cannot be read
}

func (e *BusyError) Error() string {
	who := "another nightly"
	if e.Holder.PID != 0 {
		who = fmt.Sprintf("a nightly with process id %d, since %s,", e.Holder.PID, e.Holder.Since.Local().Format("2006-01-02 15:04:05"))
		if e.Holder.Run != "" {
			who = fmt.Sprintf("a nightly with process id %d, since %s, in run %s,", e.Holder.PID, e.Holder.Since.Local().Format("2006-01-02 15:04:05"), e.Holder.Run)
		}
	}
	return fmt.Sprintf("%s holds %s: this one does nothing", who, e.Path)
}

// lock is held from the beginning of a night to its end. The system frees it
// when the process dies in whatever way.
type lock struct {
	file   *os.File
	holder Holder
}

// acquire takes the lock in a directory without waiting. left is what a night
// wrote there that did not come to its end; nil: the last one did.
func acquire(dir string, now time.Time) (l *lock, left *Holder, err error) {
	path := filepath.Join(dir, lockName)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, fmt.Errorf("the state directory: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, nil, fmt.Errorf("the night's lock: %w", err)
	}
	err = osfile.Try(f, osfile.Exclusive)
	var held *osfile.HeldError
	before, _ := readHolder(f) // unreadable: somebody is just writing it, or nobody knows
	switch {
	case errors.As(err, &held):
		return nil, nil, errors.Join(&BusyError{Path: path, Holder: before}, f.Close())
	case err != nil:
		return nil, nil, errors.Join(fmt.Errorf("the night's lock %s: %w", path, err), f.Close())
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

// write says in the file who holds the lock and what it does.
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
	// What was there before may be longer: spaces are nothing to JSON.
	if st, err := l.file.Stat(); err == nil {
		for int64(len(b)) < st.Size() {
			b = append(b, ' ')
		}
	}
	if _, err := l.file.WriteAt(b, 0); err != nil {
		return fmt.Errorf("the night's lock: %w", err)
	}
	return l.file.Sync()
}

// release says that the night came to its end, and frees the lock. The file
// stays: were it removed, two nights could lock two files of one name.
func (l *lock) release() error {
	if l == nil {
		return nil
	}
	err := l.file.Truncate(0)
	return errors.Join(err, l.file.Close())
}
