package store

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/results"
)

// This file says which runs are running. That is a lock and not a column, because
// the system releases a lock however its process dies.

// LockRun holds the run's lock until release is called or the process exits. The
// error is a *results.RunningError if another holder has it.
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
		err = &results.RunningError{Run: id}
	default:
		err = fmt.Errorf("lock run %s in %s: %w", id, f.Name(), err)
	}
	return nil, errors.Join(err, f.Close())
}

// Running are the runs whose locks are held, at one moment, as the offsets of their
// bytes.
type Running []int64

// Has reports whether the run's lock is held. That of a finished run is held until
// its process has cleaned up.
func (r Running) Has(id string) bool { return slices.Contains(r, runLock(id).Start) }

// setRunning sets Running of each unfinished run.
func (s *Store) setRunning(runs []results.RunSummary) error {
	running, err := s.Running()
	for i := range runs {
		runs[i].Running = runs[i].Finished.IsZero() && running.Has(runs[i].ID)
	}
	return err
}

// Running returns the runs whose locks are held, in a fixed order. It takes no
// lock, and works on a read-only store.
func (s *Store) Running() (Running, error) {
	f, err := os.Open(s.lockPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // no run was ever locked
	}
	if err != nil {
		return nil, fmt.Errorf("find the runs that are running: %w", err)
	}
	var all Running
	// F_OFD_GETLK reports one lock in a range, and any of them: there may be others
	// before and after it.
	ranges := []unix.Flock_t{{Len: 0}} // of any length
	for err == nil && len(ranges) > 0 {
		in := ranges[len(ranges)-1]
		ranges = ranges[:len(ranges)-1]
		in.Type = unix.F_WRLCK
		found := in
		if err = unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &found); err != nil || found.Type == unix.F_UNLCK {
			continue
		}
		all = append(all, found.Start)
		if before := found.Start - in.Start; before > 0 {
			ranges = append(ranges, unix.Flock_t{Start: in.Start, Len: before})
		}
		switch behind := found.Start + found.Len; {
		case found.Len == 0: // to the end of the file: none of ours
		case in.Len == 0:
			ranges = append(ranges, unix.Flock_t{Start: behind})
		case behind < in.Start+in.Len:
			ranges = append(ranges, unix.Flock_t{Start: behind, Len: in.Start + in.Len - behind})
		}
	}
	slices.Sort(all)
	return all, errors.Join(err, f.Close())
}

// lockPath is a file with one byte for each run: a file for each run would have to
// be removed one day.
func (s *Store) lockPath() string { return s.path + ".running" }

// runLock is the run's byte, which may be beyond the end of the file. Locks are per
// open file description, not per process, so that two holders in one process
// exclude each other.
func runLock(id string) unix.Flock_t {
	h := fnv.New64a()
	h.Write([]byte(id)) // never fails
	return unix.Flock_t{Type: unix.F_WRLCK, Start: int64(h.Sum64() % math.MaxInt64), Len: 1}
}
