package images

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/u-root/u-root/pkg/cpio"

	"github.com/splicelab/splicelab/kernels"
)

// Spec describes the content of an initramfs.
type Spec struct {
	// Kernel is the kernel that will boot it and the source of the modules. Its
	// Digest must be set: it represents them in the image's key.
	Kernel kernels.Kernel
	// Agent is the path of the guest agent's binary, which becomes /init.
	Agent string
	// Files maps guest paths to host paths: regular files, or directories
	// that are copied recursively. Guest paths are absolute.
	Files map[string]string
	// Modules are the modules to load, by name; dependencies are added.
	// Built-in ones are skipped.
	Modules []string
	// OnDemand are modules, by name, that the guest may load later: by
	// modprobe, or because the kernel requests them. Missing ones are left out
	// and make modprobe fail.
	OnDemand []string
	// Commands is the path of the binary that images/shellcmds builds, or
	// empty. It becomes /bbin/bb, with a link in /bbin for every command.
	Commands string
}

// Initramfs is a built image.
type Initramfs struct {
	Path   string   // on the host: an uncompressed newc cpio archive, read-only
	Digest string   // hex SHA-256 of its content
	Load   []string // guest paths of the modules, in load order
}

// initramfsFormat is part of every key: bump it when the same Spec must produce
// a different archive than before.
const initramfsFormat = 2

var initramfsKind = kind{name: "initramfs", suffix: ".cpio", digest: fileDigest}

// Guest paths of the modules and their indexes, and of the program that the
// kernel runs to load one.
const (
	moduleDir = "/modules"
	modprobe  = "/sbin/modprobe"
)

// Initramfs builds the image that s describes, or finds it in the cache. The
// same Spec produces the same bytes on every host. It returns a
// MissingModuleError when the kernel lacks a module of s.Modules.
func (b Builder) Initramfs(ctx context.Context, s Spec) (Initramfs, error) {
	if err := s.validate(); err != nil {
		return Initramfs{}, err
	}
	files, err := s.gather(ctx)
	if err != nil {
		return Initramfs{}, err
	}
	key, err := s.key(files)
	if err != nil {
		return Initramfs{}, err
	}
	image, e, err := b.obtain(ctx, initramfsKind, key, func(f *os.File) (entry, error) {
		modules, err := closure(ctx, s.Kernel, s.Modules)
		if err != nil {
			return entry{}, err
		}
		var e entry
		for _, m := range modules {
			e.Load = append(e.Load, m.guestPath())
		}
		later, err := onDemand(ctx, s.Kernel, s.OnDemand, modules)
		if err != nil {
			return entry{}, err
		}
		return e, writeArchive(f, s, files, later)
	})
	if err != nil {
		return Initramfs{}, fmt.Errorf("initramfs for %s: %w", s.Kernel.Release, err)
	}
	return Initramfs{Path: image, Digest: e.Digest, Load: e.Load}, nil
}

// validate checks the Spec before anything is read.
func (s Spec) validate() error {
	if s.Kernel.Digest == "" {
		return fmt.Errorf("initramfs for %s: the kernel has no digest", s.Kernel.Release)
	}
	for guest := range s.Files {
		if !path.IsAbs(guest) || path.Clean(guest) != guest || guest == "/" {
			return fmt.Errorf("initramfs: guest path %q: must be absolute and clean, like /suite.test", guest)
		}
		for _, own := range []string{"/init", "/dev", "/proc", "/sys", modprobe, commandDir, moduleDir} {
			if guest == own || strings.HasPrefix(guest, own+"/") {
				return fmt.Errorf("initramfs: guest path %q: %s is reserved for the agent; use another directory", guest, own)
			}
		}
	}
	return nil
}

// file is a host file that goes into the archive.
type file struct {
	guest string // absolute
	host  string
	mode  fs.FileMode // type, and permissions 0755 or 0644
	link  string      // target of a symbolic link
}

// gather lists the host's files in the order of their guest paths.
func (s Spec) gather(ctx context.Context) ([]file, error) {
	files := []file{{guest: "/init", host: s.Agent, mode: 0o755}}
	if s.Commands != "" {
		files = append(files, file{guest: commandDir + "/bb", host: s.Commands, mode: 0o755})
	}
	for guest, host := range s.Files {
		// Follow a link that is named explicitly; below it, links are kept.
		if st, err := os.Stat(host); err != nil {
			return nil, fmt.Errorf("initramfs: %w", err)
		} else if st.Mode().IsRegular() {
			files = append(files, file{guest: guest, host: host, mode: permissions(st.Mode())})
			continue
		}
		err := filepath.WalkDir(host, func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(host, p)
			if err != nil {
				return err
			}
			f := file{guest: path.Join(guest, filepath.ToSlash(rel)), host: p, mode: permissions(info.Mode())}
			switch info.Mode().Type() {
			case 0, fs.ModeDir:
			case fs.ModeSymlink:
				if f.link, err = os.Readlink(p); err != nil {
					return err
				}
			default:
				return fmt.Errorf("%s is not a regular file, directory or link", p)
			}
			files = append(files, f)
			return ctx.Err()
		})
		if err != nil {
			return nil, fmt.Errorf("initramfs: %w", err)
		}
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.guest, b.guest) })
	return files, nil
}

// permissions reduces a mode to what the guest needs, so that the host's umask
// does not affect the image.
func permissions(m fs.FileMode) fs.FileMode {
	if m.IsDir() || m&0o111 != 0 {
		return m.Type() | 0o755
	}
	return m.Type() | 0o644
}

// key is the digest of all inputs of the image.
func (s Spec) key(files []file) (string, error) {
	type input struct {
		Guest, Link, Digest string
		Mode                fs.FileMode
	}
	all := struct {
		Format   int
		Kernel   string
		Modules  []string
		OnDemand []string
		Inputs   []input
	}{initramfsFormat, s.Kernel.Digest, moduleNames(s.Modules), moduleNames(s.OnDemand), nil}
	for _, f := range files {
		in := input{Guest: f.guest, Link: f.link, Mode: f.mode}
		if f.mode.IsRegular() {
			var err error
			if in.Digest, err = pathDigest(f.host); err != nil {
				return "", fmt.Errorf("initramfs: %w", err)
			}
		}
		all.Inputs = append(all.Inputs, in)
	}
	b, err := json.Marshal(all)
	if err != nil {
		return "", fmt.Errorf("initramfs: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// mountPoints are empty directories in every image. The agent fills them, /sbin with
// the kernel's modprobe.
var mountPoints = []string{"/dev", "/proc", "/sys", "/sbin", "/tmp", "/run", "/root", "/mnt"}

// writeArchive writes the cpio archive: sorted, without times and owners, so
// that it is reproducible.
func writeArchive(f *os.File, s Spec, files []file, modules moduleSet) error {
	var records []cpio.Record
	for _, dir := range mountPoints {
		records = append(records, cpio.Directory(dir, 0o755))
	}
	records = append(records,
		// PID 1's standard files are opened on /dev/console by the kernel.
		cpio.CharDev("/dev/console", 0o600, 5, 1),
		cpio.CharDev("/dev/null", 0o666, 1, 3))
	for _, m := range modules.all {
		records = append(records, cpio.StaticFile(m.guestPath(), string(m.image), 0o644))
	}
	for name, text := range modules.lists() {
		records = append(records, cpio.StaticFile(path.Join(moduleDir, name), text, 0o644))
	}
	if s.Commands != "" {
		records = append(records, commandLinks()...)
	}
	for _, in := range files {
		switch in.mode.Type() {
		case fs.ModeDir:
			records = append(records, cpio.Directory(in.guest, 0o755))
		case fs.ModeSymlink:
			records = append(records, cpio.Symlink(in.guest, in.link))
		default:
			content, err := os.ReadFile(in.host)
			if err != nil {
				return err
			}
			records = append(records, cpio.StaticRecord(content, cpio.Info{Name: in.guest, Mode: cpio.S_IFREG | uint64(in.mode.Perm())}))
		}
	}
	return writeRecords(f, records)
}

// writeRecords adds missing parent directories and writes all records.
func writeRecords(f *os.File, records []cpio.Record) error {
	known := make(map[string]bool)
	for i := range records {
		records[i] = cpio.MakeReproducible(records[i])
		known[records[i].Name] = true
	}
	for _, r := range slices.Clone(records) {
		for dir := path.Dir(r.Name); dir != "." && !known[dir]; dir = path.Dir(dir) {
			known[dir] = true
			records = append(records, cpio.MakeReproducible(cpio.Directory(dir, 0o755)))
		}
	}
	// A directory sorts before its content.
	slices.SortFunc(records, func(a, b cpio.Record) int { return strings.Compare(a.Name, b.Name) })
	// Buffer in memory: the archive is written in tiny pieces.
	var buf bytes.Buffer
	w := cpio.Newc.Writer(&buf)
	for i, r := range records {
		r.Ino, r.NLink = uint64(i+1), 1
		if err := w.WriteRecord(r); err != nil {
			return fmt.Errorf("writing %s: %w", r.Name, err)
		}
	}
	if err := cpio.WriteTrailer(w); err != nil {
		return err
	}
	_, err := f.Write(buf.Bytes())
	return err
}
