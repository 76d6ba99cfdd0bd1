// Package images makes what a VM boots and mounts: initramfs images with the
// guest agent, test binaries and the kernel modules that they need, and disk
// images with a filesystem on them. It also declares the filesystem profiles.
//
// It must not know how a VM is run, what a test is, or the lab; of kernels it
// knows only what is on disk.
package images

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/splicelab/splicelab/internal/osfile"
)

// Builder builds images into a cache that several processes may share.
// Entries are named by the digest of everything that went into them, and
// verified each time before they are handed out: a corrupt one is rebuilt.
type Builder struct {
	// Dir is the cache directory; it is created when missing. The images are
	// only ever read by VMs, which must write to an overlay of their own.
	Dir string
}

// entry is what the cache keeps beside an image.
type entry struct {
	Digest string   `json:"digest"`         // hex SHA-256 of the image, by the kind's own digest function
	Load   []string `json:"load,omitempty"` // initramfs: modules in load order
	Tool   string   `json:"mkfs,omitempty"` // disk: mkfs tool and version
}

// kind is one sort of image in the cache.
type kind struct {
	name   string // subdirectory
	suffix string // of image files
	digest func(*os.File) (string, error)
}

// obtain returns the path of the image called key and its entry, building it
// when it is not there or corrupt. build writes the image to a file and
// returns the entry, whose digest obtain fills in.
func (b Builder) obtain(ctx context.Context, k kind, key string, build func(*os.File) (entry, error)) (string, entry, error) {
	dir := filepath.Join(b.Dir, k.name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", entry{}, fmt.Errorf("image cache: %w", err)
	}
	image := filepath.Join(dir, key+k.suffix)
	record := filepath.Join(dir, key+".json")
	if e, err := verify(k, image, record); err == nil {
		touch(record)
		return image, e, nil
	}
	lock, err := osfile.Lock(ctx, filepath.Join(dir, key+".lock"), osfile.Exclusive)
	if err != nil {
		return "", entry{}, fmt.Errorf("image cache: %w", err)
	}
	defer lock.Close() // frees it
	// Another process may have built it meanwhile.
	if e, err := verify(k, image, record); err == nil {
		return image, e, nil
	}
	var e entry
	err = osfile.WriteFunc(image, 0o444, func(f *os.File) error {
		if e, err = build(f); err != nil {
			return err
		}
		e.Digest, err = k.digest(f)
		return err
	})
	if err != nil {
		return "", entry{}, fmt.Errorf("image cache: %w", err)
	}
	err = osfile.WriteFunc(record, 0o444, func(f *os.File) error { return json.NewEncoder(f).Encode(e) })
	if err != nil {
		return "", entry{}, fmt.Errorf("image cache: %w", err)
	}
	return image, e, nil
}

// verify checks that the image is the one that its record describes.
func verify(k kind, image, record string) (entry, error) {
	var e entry
	b, err := os.ReadFile(record)
	if err != nil {
		return entry{}, err
	}
	if err := json.Unmarshal(b, &e); err != nil {
		return entry{}, err
	}
	f, err := os.Open(image)
	if err != nil {
		return entry{}, err
	}
	defer f.Close()
	digest, err := k.digest(f)
	if err != nil {
		return entry{}, err
	}
	if digest != e.Digest {
		return entry{}, fmt.Errorf("%s is corrupt", image)
	}
	return e, nil
}

// fileDigest is the SHA-256 of all of a file, from its beginning.
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
