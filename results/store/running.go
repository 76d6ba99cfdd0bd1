package store

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math"
	"slices"

	"github.com/splicelab/splicelab/internal/osfile"
	"github.com/splicelab/splicelab/results"
)

// This file says who is at a run. A lock tells, and not a column, because the
// system takes a lock from a process however it dies.

// LockRun takes a run for this process until release is called or the process
// ends; release must be kept until then. The error is a *results.RunningError when
// somebody has it.
func (s *Store) LockRun(id string) (release func(), err error) {
	f, err := osfile.ByteLock(s.lockPath(), runByte(id))
	var held *osfile.HeldError
	switch {
	case errors.As(err, &held):
		return nil, &results.RunningError{Run: id}
	case err != nil:
		return nil, fmt.Errorf("lock run %s: %w: the results file and its directory must be writable", id, err)
	}
	return func() { _ = f.Close() }, nil // closing unlocks; nothing was written
}

// Running are the runs that processes are at, at one moment. Two are equal when
// they print alike.
type Running []int64

// Has reports whether a process is at the run. One that has finished is still
// had while its process tidies up.
func (r Running) Has(id string) bool { return slices.Contains(r, runByte(id)) }

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
	held, err := osfile.HeldBytes(s.lockPath())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil // nobody ever was
	case err != nil:
		return nil, fmt.Errorf("see which runs are locked: %w", err)
	}
	return held, nil
}

// lockPath is a file of which each run has one byte, so that there is no file
// for each run to be swept away.
func (s *Store) lockPath() string { return s.path + ".running" }

// runByte is a run's byte of the lock file.
func runByte(id string) int64 {
	h := fnv.New64a()
	h.Write([]byte(id)) // never fails
	return int64(h.Sum64() % math.MaxInt64)
}
