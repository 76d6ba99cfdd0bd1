package images

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/splicelab/splicelab/internal/artifact"
)

// Disk is an image with a filesystem on it.
type Disk struct {
	Path   string // sparse raw image, read-only; empty for a profile without one
	Digest string // hex SHA-256 over size, and offset and content of its data
	Mkfs   string // tool and version, e.g. "mkfs.xfs version 6.1.0"
}

const (
	// defaultSizeMiB is large enough for every mkfs and a few huge files.
	defaultSizeMiB = 512
	// diskFormat is part of every key: bump it when the same profile must
	// produce a different image than before.
	diskFormat = 1
)

var diskKind = kind{name: "disks", suffix: ".img", digest: sparseDigest}

// Disk builds the profile's disk image with the host's mkfs, or finds it in the
// cache. It returns the zero Disk for a profile without one, and a
// MissingToolError when the host lacks the tool. VMs must not write to the image.
func (b Builder) Disk(ctx context.Context, p Profile) (Disk, error) {
	if !p.HasDisk() {
		return Disk{}, nil
	}
	tool, err := b.Tools.find(p.Mkfs[0])
	if err != nil {
		return Disk{}, err
	}
	size := int64(cmp.Or(p.SizeMiB, defaultSizeMiB)) << 20
	key, err := diskKey(tool, p.Mkfs[1:], size)
	if err != nil {
		return Disk{}, fmt.Errorf("disk of %s: %w", p.Name, err)
	}
	image, e, err := b.obtain(ctx, diskKind, key, func(f *os.File) (entry, error) {
		if err := f.Truncate(size); err != nil {
			return entry{}, err
		}
		if err := b.Tools.mkfs(ctx, tool, p.Mkfs[1:], f); err != nil {
			return entry{}, err
		}
		return entry{Tool: b.Tools.version(ctx, tool)}, nil
	})
	if err != nil {
		return Disk{}, fmt.Errorf("disk of %s: %w", p.Name, err)
	}
	return Disk{Path: image, Digest: e.Digest, Mkfs: e.Tool}, nil
}

// diskKey is the digest of everything that determines the image. It includes
// the tool's binary rather than its version, which not every mkfs prints.
func diskKey(tool string, args []string, size int64) (string, error) {
	binary, err := pathDigest(tool)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(struct {
		Format int
		Name   string
		Tool   string
		Args   []string
		Size   int64
	}{diskFormat, filepath.Base(tool), binary, args, size})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// sparseDigest is the SHA-256 of a sparse file's size and of the offset and
// content of its data, without reading the holes. Blocks of zeros count as
// holes, so that the host filesystem's allocation does not matter.
func sparseDigest(f *os.File) (string, error) {
	st, err := f.Stat()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	number := func(n int64) { _ = binary.Write(h, binary.BigEndian, n) } // writing to a hash never fails
	number(st.Size())
	err = artifact.Blocks(f, func(at int64, block []byte) error {
		if !artifact.Zero(block) {
			number(at)
			h.Write(block)
		}
		return nil
	})
	return hex.EncodeToString(h.Sum(nil)), err
}
