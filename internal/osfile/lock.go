package osfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Mode is how a lock is held.
type Mode int

const (
	Exclusive Mode = unix.LOCK_EX // alone
	Shared    Mode = unix.LOCK_SH // with others that share it
)

// HeldError reports that another holder, usually another process, has the lock.
type HeldError struct {
	Path string
	// Waited is why the wait ended; nil if there was no wait.
	Waited error
}

func (e *HeldError) Error() string {
	if e.Waited != nil {
		return fmt.Sprintf("waiting for %s, which another process holds: %v", e.Path, e.Waited)
	}
	return e.Path + " is held by another process"
}

func (e *HeldError) Unwrap() error { return e.Waited }

// lockPoll is the polling interval for a held lock: a context cannot cancel
// flock(2).
const lockPoll = 20 * time.Millisecond

// Lock opens the file at path, creating it if missing, and locks it. It waits
// until the lock is free or ctx ends; then the error is a *HeldError that wraps
// the context's cause. Closing the file releases the lock once every process
// that inherited the file has closed it too. The file must never be removed,
// else two processes could lock two files of the same name.
func Lock(ctx context.Context, path string, mode Mode) (*os.File, error) {
	return open(path, func(f *os.File) error { return Wait(ctx, f, mode) })
}

// TryLock is Lock without waiting: it returns a *HeldError if the lock is held.
func TryLock(path string, mode Mode) (*os.File, error) {
	return open(path, func(f *os.File) error { return Try(f, mode) })
}

// LockDir is Lock for an existing directory.
func LockDir(ctx context.Context, dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := Wait(ctx, f, Exclusive); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func open(path string, lock func(*os.File) error) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		_ = f.Close() // nothing was written; the lock's error is the one that matters
		return nil, err
	}
	return f, nil
}

// Try locks an open file without waiting.
//
// flock(2) is called directly because gofrs/flock does not expose the
// descriptor: some locks are inherited by child processes, and some lock files
// name their holder.
func Try(f *os.File, mode Mode) error {
	for {
		err := unix.Flock(int(f.Fd()), int(mode)|unix.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EWOULDBLOCK):
			return &HeldError{Path: f.Name()}
		default:
			return &os.PathError{Op: "flock", Path: f.Name(), Err: err}
		}
	}
}

// Wait locks an open file once it is free, or fails when ctx ends.
func Wait(ctx context.Context, f *os.File, mode Mode) error {
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		err := Try(f, mode)
		var held *HeldError
		if !errors.As(err, &held) {
			return err
		}
		select {
		case <-ctx.Done():
			held.Waited = context.Cause(ctx)
			return held
		case <-tick.C:
		}
	}
}
