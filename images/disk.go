package images

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/splicelab/splicelab/internal/artifact"
)

// Disk is an image with a filesystem on it.
type Disk struct {
	Path   string // sparse raw image, read-only; empty for a profile without one
	Digest string // hex SHA-256 over size, and offset and content of its data
	Mkfs   string // tool and version, e.g. "mkfs.xfs version 6.1.0"
}

// MissingToolError reports that the host has no mkfs for a profile.
type MissingToolError struct {
	Tool    string // e.g. "mkfs.f2fs"
	Package string // the Debian package that contains it, or empty
}

func (e *MissingToolError) Error() string {
	if e.Package == "" {
		return fmt.Sprintf("%s is not installed on this host", e.Tool)
	}
	return fmt.Sprintf("%s is not installed on this host: install %s", e.Tool, e.Package)
}

// toolPackages maps mkfs tools to Debian packages.
var toolPackages = map[string]string{
	"mkfs.ext2":     "e2fsprogs",
	"mkfs.ext3":     "e2fsprogs",
	"mkfs.ext4":     "e2fsprogs",
	"mke2fs":        "e2fsprogs",
	"mkfs.xfs":      "xfsprogs",
	"mkfs.btrfs":    "btrfs-progs",
	"mkfs.f2fs":     "f2fs-tools",
	"mkfs.vfat":     "dosfstools",
	"mkfs.fat":      "dosfstools",
	"mkfs.exfat":    "exfatprogs",
	"mkfs.erofs":    "erofs-utils",
	"mkfs.bcachefs": "bcachefs-tools",
	"mkfs.nilfs2":   "nilfs-tools",
}

const (
	// defaultSizeMiB is large enough for every mkfs and a few huge files.
	defaultSizeMiB = 512
	// diskFormat is part of every key: bump it when the same profile must
	// produce a different image than before.
	diskFormat = 1
	// maxToolOutput bounds the quoted output of a failed mkfs, in bytes.
	maxToolOutput = 4096
)

var diskKind = kind{name: "disks", suffix: ".img", digest: sparseDigest}

// Disk builds the profile's disk image with the host's mkfs, or finds it in the
// cache. It returns the zero Disk for a profile without one, and a
// MissingToolError when the host lacks the tool. VMs must not write to the image.
func (b Builder) Disk(ctx context.Context, p Profile) (Disk, error) {
	if !p.HasDisk() {
		return Disk{}, nil
	}
	tool, err := findTool(p.Mkfs[0])
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
		if err := mkfs(ctx, tool, p.Mkfs[1:], f.Name()); err != nil {
			return entry{}, err
		}
		return entry{Tool: toolVersion(ctx, tool)}, nil
	})
	if err != nil {
		return Disk{}, fmt.Errorf("disk of %s: %w", p.Name, err)
	}
	return Disk{Path: image, Digest: e.Digest, Mkfs: e.Tool}, nil
}

// findTool returns the path of a mkfs, also searching the sbin directories that
// are not in an ordinary user's PATH.
func findTool(name string) (string, error) {
	if tool, err := exec.LookPath(name); err == nil {
		return tool, nil
	}
	if !strings.ContainsRune(name, '/') {
		for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin"} {
			if tool, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
				return tool, nil
			}
		}
	}
	return "", &MissingToolError{Tool: name, Package: toolPackages[filepath.Base(name)]}
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

// fixedTime is the timestamp passed to mkfs tools, for reproducible images
// (2023-06-29, the day of the report that the suite is about).
const fixedTime = "1687996800"

// mkfs runs the tool on the image.
func mkfs(ctx context.Context, tool string, args []string, image string) error {
	cmd := exec.CommandContext(ctx, tool, append(args[:len(args):len(args)], image)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC",
		"SOURCE_DATE_EPOCH="+fixedTime,   // most tools
		"E2FSPROGS_FAKE_TIME="+fixedTime, // mke2fs before 1.47.1
		"DETERMINISTIC_SEED=1",           // mkfs.xfs: its random numbers
		"MKE2FS_CONFIG=/nonexistent",     // the tool's defaults, not this host's
	)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	out = bytes.TrimSpace(out)
	return fmt.Errorf("%s: %w: %q", strings.Join(append([]string{tool}, args...), " "), err, out[max(0, len(out)-maxToolOutput):])
}

// ToolVersion returns the version line that a mkfs prints. mkfs is a path, or a
// name as in profiles. It returns a MissingToolError when the host lacks it.
func ToolVersion(ctx context.Context, mkfs string) (string, error) {
	tool, err := findTool(mkfs)
	if err != nil {
		return "", err
	}
	return toolVersion(ctx, tool), nil
}

// toolVersion returns the version line that a mkfs prints, for reports, or the
// tool's name if it prints none.
func toolVersion(ctx context.Context, tool string) string {
	name := filepath.Base(tool)
	args := []string{"-V"}
	if name == "mkfs.vfat" || name == "mkfs.fat" {
		args = []string{"/dev/null/none"} // it has no version option, but prints a banner first
	}
	var out, problem bytes.Buffer
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Stdout, cmd.Stderr = &out, &problem
	_ = cmd.Run()       // some tools call this a usage error
	if out.Len() == 0 { // mke2fs
		out = problem
	}
	line, _, _ := strings.Cut(strings.TrimSpace(out.String()), "\n")
	line = strings.ToValidUTF8(strings.TrimSpace(line), "?")
	if line == "" || len(line) > 200 {
		return name
	}
	if !strings.HasPrefix(line, "mk") {
		line = name + ": " + line
	}
	return line
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
