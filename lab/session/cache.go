package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/osfile"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/lab/template"
	"github.com/splicelab/splicelab/lab/vm"
)

// LockName is the cache's lock file, which every user of the cache locks.
const LockName = "lock"

// UseCache creates the cache directory and holds a shared lock on it until the
// process exits or release is called, so that nobody cleans it meanwhile.
func (s Settings) UseCache() (release func(), err error) { return s.lockCache(osfile.Shared) }

// ClaimCache is UseCache for cleaning the cache: nobody else may use it.
func (s Settings) ClaimCache() (release func(), err error) { return s.lockCache(osfile.Exclusive) }

// UseVMs is UseCache for starting VMs; it also verifies the configured QEMU. One
// for the host's architecture may be missing if there is another: which of them
// is needed, the kernels decide.
func (s Settings) UseVMs(ctx context.Context) (release func(), err error) {
	if _, err := vm.Version(ctx, s.VM.QEMU); err != nil && !s.otherQEMU(ctx, err) {
		return nil, err
	}
	return s.UseCache()
}

// otherQEMU reports whether err is that QEMU is missing, and one for another
// architecture is not.
func (s Settings) otherQEMU(ctx context.Context, err error) bool {
	var missing *vm.NoQEMUError
	if !errors.As(err, &missing) || s.VM.QEMU != arch.Default().QEMU.Binary {
		return false
	}
	for _, qemu := range s.VM.QEMUs() {
		if _, err := vm.Version(ctx, qemu); err == nil {
			return true
		}
	}
	return false
}

// lockCache locks the cache without waiting.
func (s Settings) lockCache(how osfile.Mode) (release func(), err error) {
	if err := os.MkdirAll(s.Cache, 0o755); err != nil {
		return nil, fmt.Errorf("cache directory %s cannot be used: %w", s.Cache, err)
	}
	f, err := osfile.TryLock(filepath.Join(s.Cache, LockName), how)
	var held *osfile.HeldError
	switch {
	case err == nil:
		return func() { _ = f.Close() }, nil // closing unlocks; nothing was written
	case !errors.As(err, &held):
		return nil, fmt.Errorf("cache directory %s cannot be used: %w", s.Cache, err)
	case how == osfile.Shared:
		return nil, fmt.Errorf("cache directory %s is being cleaned by another splicelab: try again when it has exited", s.Cache)
	}
	return nil, fmt.Errorf("cache directory %s is in use by another splicelab: try again when it has exited", s.Cache)
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
