// Package osfile replaces files whole and locks them between processes.
//
// Write and Pending: whoever opens the path finds either what was there or all
// of the new content, also after the writer was killed; the content is on disk
// (fsync) before it gets its name. SyncDir makes the name itself survive a
// power failure, for results that depend on it.
//
// PublishDir: the same for a directory that was filled under another name.
//
// Lock, TryLock: flock(2) on a file that stays. The system frees the lock when
// the process dies, however it does. A wait ends with its context, EINTR is
// tried again, and only the lock of another holder is a *HeldError: any other
// errno is reported as what it is.
//
// ByteLock and HeldBytes: locks on single bytes of one file, for many locks that
// come and go and should leave no files behind.
package osfile

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// Pending is a file that has no name yet: Commit gives it one, Abort drops it.
// A temporary file beside the path holds the content until then; its owner can
// open it for writing, whatever mode it gets in the end.
type Pending struct {
	*renameio.PendingFile
	final func(os.FileMode) os.FileMode // the mode it gets, by the one it was created with
}

// ownerRW lets a program that is given the temporary file's name write to it.
const ownerRW os.FileMode = 0o600

// Create starts to replace path. A regular file that is there keeps its mode; a
// new one gets mode less the umask.
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

// Commit puts the content in its place, on disk.
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

// Write replaces path with content, as Create and Commit do.
func Write(path string, content []byte, mode os.FileMode) error {
	return WriteFunc(path, mode, func(f *os.File) error {
		_, err := f.Write(content)
		return err
	})
}

// WriteFunc replaces path with what write puts into the file. An error of write
// leaves what was there.
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

// PublishDir renames part, a directory that is whole, to dir, and forces the
// names on disk. What lies at dir must be empty or absent. The files in part
// are the caller's to sync where it depends on them.
func PublishDir(part, dir string) error {
	if err := SyncDir(part); err != nil {
		return err
	}
	if err := os.Rename(part, dir); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(dir))
}

// SyncDir forces a directory's entries, or a file's content, to disk.
func SyncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Symlink makes the link at path name target, in one step.
func Symlink(target, path string) error { return renameio.Symlink(target, path) }
