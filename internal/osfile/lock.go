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

// HeldError says that another holder, mostly another process, has the lock.
type HeldError struct {
	Path string
	// Waited is why the wait ended; nil where nothing waited.
	Waited error
}

func (e *HeldError) Error() string {
	if e.Waited != nil {
		return fmt.Sprintf("waiting for %s, which another process holds: %v", e.Path, e.Waited)
	}
	return e.Path + " is held by another process"
}

func (e *HeldError) Unwrap() error { return e.Waited }

// lockPoll is how often a held lock is tried. flock(2) cannot be cancelled by a
// context, so a wait polls.
const lockPoll = 20 * time.Millisecond

// Lock opens the file at path, which is created if missing, and locks it. It
// waits until the lock is free or ctx ends, which is a *HeldError that wraps the
// context's cause. Closing the file frees the lock once every process that
// inherited it has closed it too. The file must never be removed: two processes
// could then lock two files of one name.
func Lock(ctx context.Context, path string, mode Mode) (*os.File, error) {
	return open(path, func(f *os.File) error { return Wait(ctx, f, mode) })
}

// TryLock is Lock without waiting: a lock that is held is a *HeldError.
func TryLock(path string, mode Mode) (*os.File, error) {
	return open(path, func(f *os.File) error { return Try(f, mode) })
}

// LockDir is Lock for a directory that is there.
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
// flock(2) is called here rather than through gofrs/flock, which keeps the
// descriptor to itself: some locks are inherited by child processes, and some
// files say who holds them.
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

// Wait locks an open file when it is free, or fails when ctx ends.
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
