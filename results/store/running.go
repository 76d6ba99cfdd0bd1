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

// This file says who is at a run. A lock tells, and not a column, because the
// system takes a lock from a process however it dies.

// LockRun takes a run for this process until release is called or the process
// ends; release must be kept until then. The error is a *results.RunningError when
// somebody has it.
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

// Running are the runs that processes are at, at one moment. Two are equal when
// they print alike.
type Running []int64

// Has reports whether a process is at the run. One that has finished is still
// had while its process tidies up.
func (r Running) Has(id string) bool { return slices.Contains(r, runLock(id).Start) }

// sayRunning says of each run that has not finished whether a process is at it.
func (s *Store) sayRunning(runs []results.RunSummary) error {
	running, err := s.Running()
	for i := range runs {
		runs[i].Running = runs[i].Finished.IsZero() && running.Has(runs[i].ID)
	}
	return err
}

// Running returns the runs that processes are at, in a fixed order. It takes no
// lock, and reads where the store may not be written.
func (s *Store) Running() (Running, error) {
	f, err := os.Open(s.lockPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // nobody ever was
	}
	if err != nil {
		return nil, fmt.Errorf("see who is at which run: %w", err)
	}
	var all Running
	// The system tells of one lock in a range, and of any: there may be others
	// before it and behind it.
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
		case found.Len == 0: // to the end of all files, which is nobody's of ours
		case in.Len == 0:
			ranges = append(ranges, unix.Flock_t{Start: behind})
		case behind < in.Start+in.Len:
			ranges = append(ranges, unix.Flock_t{Start: behind, Len: in.Start + in.Len - behind})
		}
	}
	slices.Sort(all)
	return all, errors.Join(err, f.Close())
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
