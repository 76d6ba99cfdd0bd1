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

// This file finds out which runs are running. That is a lock and not a column,
// because the kernel releases a lock however its process dies.

// LockRun holds the run's lock until release is called or the process exits. The
// error is a *results.RunningError if another holder has it.
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

// Running is the set of runs whose locks are held at one moment, as offsets of
// their bytes.
type Running []int64

// Has reports whether the run's lock is held. The lock of a finished run is
// held until its process has cleaned up.
func (r Running) Has(id string) bool { return slices.Contains(r, runByte(id)) }

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
	held, err := osfile.HeldBytes(s.lockPath())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil // no run ever was
	case err != nil:
		return nil, fmt.Errorf("find the runs that are running: %w", err)
	}
	return held, nil
}

// lockPath is a file with one byte per run: a file per run would have to be
// removed some day.
func (s *Store) lockPath() string { return s.path + ".running" }

// runByte is a run's byte of the lock file.
func runByte(id string) int64 {
	h := fnv.New64a()
	h.Write([]byte(id)) // never fails
	return int64(h.Sum64() % math.MaxInt64)
}
