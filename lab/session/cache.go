package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/lab/template"
	"github.com/splicelab/splicelab/lab/vm"
)

// LockName is the cache's lock file, which every user of the cache locks.
const LockName = "lock"

// UseCache creates the cache directory and holds a shared lock on it until the
// process exits or release is called, so that nobody cleans it meanwhile.
func (s Settings) UseCache() (release func(), err error) { return s.lockCache(unix.LOCK_SH) }

// ClaimCache is UseCache for cleaning the cache: nobody else may use it.
func (s Settings) ClaimCache() (release func(), err error) { return s.lockCache(unix.LOCK_EX) }

// UseVMs is UseCache for starting VMs; it also verifies the configured QEMU.
func (s Settings) UseVMs(ctx context.Context) (release func(), err error) {
	if _, err := vm.Version(ctx, s.VM.QEMU); err != nil {
		return nil, err
	}
	return s.UseCache()
}

// lockCache locks the cache without waiting.
func (s Settings) lockCache(how int) (release func(), err error) {
	if err := os.MkdirAll(s.Cache, 0o755); err != nil {
		return nil, fmt.Errorf("cache directory %s cannot be used: %w", s.Cache, err)
	}
	f, err := os.OpenFile(filepath.Join(s.Cache, LockName), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cache directory %s cannot be written: %w", s.Cache, err)
	}
	for {
		err = unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	switch {
	case err == nil:
		return func() { _ = f.Close() }, nil // closing unlocks; nothing was written
	case !errors.Is(err, unix.EWOULDBLOCK):
		err = fmt.Errorf("locking the cache directory %s: %w", s.Cache, err)
	case how == unix.LOCK_SH:
		err = fmt.Errorf("cache directory %s is being cleaned by another splicelab: try again when it has exited", s.Cache)
	default:
		err = fmt.Errorf("cache directory %s is in use by another splicelab: try again when it has exited", s.Cache)
	}
	return nil, errors.Join(err, f.Close())
}

// PruneCache removes the kernels, images and templates that have not been used
// since a time, and returns their names. If space is short it removes all unused
// templates: they take most of it and are the cheapest to rebuild.
func (s Settings) PruneCache(ctx context.Context, since time.Time, short bool) (removed []string, err error) {
	release, err := s.UseCache()
	if err != nil {
		return nil, err
	}
	defer release()
	store, err := s.OpenKernels()
	if err != nil {
		return nil, err
	}
	gone, err := store.RemoveUnused(ctx, since)
	if len(gone) > 0 {
		removed = append(removed, "kernels "+strings.Join(gone, " "))
	}
	number, ierr := images.Builder{Dir: filepath.Join(s.Cache, "images")}.RemoveUnused(ctx, since)
	if number > 0 {
		removed = append(removed, text.Count(number, "image"))
	}
	if short {
		since = time.Now()
	}
	templates, terr := template.Open(filepath.Join(s.Cache, "templates"), 0)
	if terr == nil {
		if number := templates.RemoveUnused(since); number > 0 {
			removed = append(removed, text.Count(number, "template"))
		}
	}
	return removed, errors.Join(err, ierr, terr)
}
