// Package images builds what a VM boots and mounts: initramfs images with the
// guest agent, test binaries and the kernel modules that they need, and disk
// images with a filesystem on them. It also declares the filesystem profiles.
//
// It must not depend on how a VM is run, what a test is, or the lab; of a
// kernel it knows only the files on disk.
package images

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/splicelab/splicelab/internal/artifact"
)

// Builder builds images into a cache that several processes may share.
// Entries are named by the digest of everything that went into them, and
// verified each time before use: a corrupt one is rebuilt.
type Builder struct {
	// Dir is the cache directory; it is created when missing. The images are
	// read-only: each VM must write to its own overlay.
	Dir string
	// Tools are where the programs are that make filesystems.
	Tools Tools
}

// entry is what the cache stores beside an image.
type entry struct {
	Digest string   `json:"-"`              // hex SHA-256 of the image, by the kind's own digest function
	Load   []string `json:"load,omitempty"` // initramfs: modules in load order
	Tool   string   `json:"mkfs,omitempty"` // disk: mkfs tool and version
}

// kind is one type of image in the cache.
type kind struct {
	name   string // subdirectory
	suffix string // image file extension
	digest artifact.Digest
}

// store is the part of the cache for one kind. An entry is in use only while
// it is verified: callers hold just the path of an image, so images are never
// evicted for space, only removed once they are old and unused.
func (b Builder) store(k kind) *artifact.Store[artifact.Manifest] {
	dir := filepath.Join(b.Dir, k.name)
	return &artifact.Store[artifact.Manifest]{Dir: dir, Locks: dir, Max: artifact.Unbounded,
		Check: func(key, dir string) (artifact.Manifest, error) { return artifact.Verify(key, dir, k.digest) }}
}

// obtain returns the path of the image called key and its entry, building it
// when it is missing or corrupt. build writes the image to a file and
// returns the entry, whose digest obtain fills in.
func (b Builder) obtain(ctx context.Context, k kind, key string, build func(*os.File) (entry, error)) (path string, e entry, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("image cache: %w", err)
		}
	}()
	s := b.store(k)
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return "", entry{}, err
	}
	image, err := s.Make(ctx, key, func(_ context.Context, dir string) error {
		f, err := os.OpenFile(filepath.Join(dir, key+k.suffix), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		e, err := build(f)
		if err == nil {
			err = errors.Join(f.Chmod(0o444), f.Sync())
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		return artifact.Seal(key, dir, k.digest, e)
	})
	if err != nil {
		return "", entry{}, err
	}
	defer image.Release()
	if err := json.Unmarshal(image.Value.Notes, &e); err != nil {
		return "", entry{}, err
	}
	e.Digest = image.Value.Files[0].Digest
	return filepath.Join(image.Dir, key+k.suffix), e, nil
}

// RemoveUnused removes the images that have not been used since the given time,
// and returns how many.
func (b Builder) RemoveUnused(ctx context.Context, since time.Time) (removed int, err error) {
	for _, k := range []kind{initramfsKind, diskKind} {
		keys, rerr := b.store(k).RemoveUnused(ctx, since)
		removed += len(keys)
		err = errors.Join(err, rerr)
	}
	if err != nil {
		err = fmt.Errorf("image cache: %w", err)
	}
	return removed, err
}

// fileDigest is the SHA-256 of the whole file, whatever its current offset.
func fileDigest(f *os.File) (string, error) {
	h := sha256.New()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// pathDigest is the SHA-256 of the file at path.
func pathDigest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return fileDigest(f)
}
