// Package osfile replaces files atomically and locks them between processes.
//
// Write and Pending: a reader of the path finds either the old or all of the
// new content, even if the writer was killed. The content is synced before the
// rename. SyncDir makes the name itself survive a power failure, for results
// that depend on it.
//
// PublishDir: the same for a directory that was filled under another name.
//
// Lock, TryLock: flock(2) on a file that is never removed. The kernel releases
// the lock when the process dies. A wait ends with its context, EINTR is
// retried, and only a lock with another holder is a *HeldError: any other errno
// is returned as it is.
//
// ByteLock and HeldBytes: locks on single bytes of one file, for many
// short-lived locks that should leave no files behind.
package osfile

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// Pending is a file that is not in place yet: Commit renames it, Abort removes
// it. Until then a temporary file beside the path holds the content; its owner
// can open it for writing, whatever its final mode.
type Pending struct {
	*renameio.PendingFile
	final func(os.FileMode) os.FileMode // maps the mode at creation to the final mode
}

// ownerRW lets another program write to the temporary file by name.
const ownerRW os.FileMode = 0o600

// Create starts to replace path. An existing regular file keeps its mode; a new
// one gets mode minus the umask.
func Create(path string, mode os.FileMode) (*Pending, error) {
	final := func(created os.FileMode) os.FileMode { return created &^ (ownerRW &^ mode) }
	if st, err := os.Lstat(path); err == nil && st.Mode().IsRegular() {
		mode = st.Mode().Perm()
		final = func(os.FileMode) os.FileMode { return mode }
	}
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithPermissions(mode|ownerRW))
	if err != nil {
		return nil, err
	}
	return &Pending{f, final}, nil
}

// Commit syncs the content and renames it into place.
func (p *Pending) Commit() error {
	st, err := p.Stat()
	if err == nil {
		if want := p.final(st.Mode().Perm()); want != st.Mode().Perm() {
			err = p.Chmod(want)
		}
	}
	if err == nil {
		err = p.CloseAtomicallyReplace()
	}
	if err != nil {
		return errors.Join(err, p.Cleanup())
	}
	return nil
}

// Abort removes the temporary file; after Commit it does nothing.
func (p *Pending) Abort() error { return p.Cleanup() }

// Write replaces path with content: Create and Commit in one call.
func Write(path string, content []byte, mode os.FileMode) error {
	return WriteFunc(path, mode, func(f *os.File) error {
		_, err := f.Write(content)
		return err
	})
}

// WriteFunc replaces path with what write writes to the file. If write fails,
// path is unchanged.
func WriteFunc(path string, mode os.FileMode, write func(*os.File) error) error {
	p, err := Create(path, mode)
	if err != nil {
		return err
	}
	if err := write(p.File); err != nil {
		return errors.Join(err, p.Abort())
	}
	return p.Commit()
}

// PublishDir renames part, a complete directory, to dir, and syncs the names. A
// directory at dir must be empty. The caller has to sync the files in part if
// it depends on them.
func PublishDir(part, dir string) error {
	if err := SyncDir(part); err != nil {
		return err
	}
	if err := os.Rename(part, dir); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(dir))
}

// SyncDir syncs a directory's entries, or a file's content, to disk.
func SyncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Symlink atomically replaces the symlink at path with one to target.
func Symlink(target, path string) error { return renameio.Symlink(target, path) }
