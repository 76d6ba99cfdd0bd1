package results

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// This file says who is at a run. A lock tells, and not a column, because the
// system takes a lock from a process however it dies.

// RunningError says that another process is at a run.
type RunningError struct{ Run string }

func (e *RunningError) Error() string {
	return fmt.Sprintf("run %s is being worked at by another splicelab: wait until that has ended, or end it", e.Run)
}

// LockRun takes a run for this process until release is called or the process
// ends. The error is a *RunningError when somebody has it.
func (s *Store) LockRun(id string) (release func(), err error) {
	f, err := os.OpenFile(s.lockPath(), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock run %s: %w: the results file and its directory must be writable", id, err)
	}
	lock := runLock(id)
	switch err = unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &lock); {
	case err == nil:
		return func() { _ = f.Close() }, nil // closing unlocks; nothing was written
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EACCES):
		err = &RunningError{id}
	default:
		err = fmt.Errorf("lock run %s in %s: %w", id, f.Name(), err)
	}
	return nil, errors.Join(err, f.Close())
}

// Running reports whether a process is at the run.
func (s *Store) Running(id string) (bool, error) {
	f, err := os.OpenFile(s.lockPath(), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // nobody ever was
	}
	if err != nil {
		return false, fmt.Errorf("see who is at run %s: %w", id, err)
	}
	lock := runLock(id)
	err = unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &lock)
	return lock.Type != unix.F_UNLCK, errors.Join(err, f.Close())
}

// lockPath is a file of which each run has one byte, so that there is no file
// for each run to be swept away.
func (s *Store) lockPath() string { return s.path + ".running" }

// runLock is a run's byte. It may lie beyond the end of the file. The locks are
// those of an open file and not of the process, so that two of one process
// keep each other out.
func runLock(id string) unix.Flock_t {
	h := fnv.New64a()
	h.Write([]byte(id)) // never fails
	return unix.Flock_t{Type: unix.F_WRLCK, Start: int64(h.Sum64() % math.MaxInt64), Len: 1}
}
