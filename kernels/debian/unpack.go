package debian

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/splicelab/splicelab/internal/osfile"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/apt"
)

// fill downloads a kernel's packages and unpacks the files needed into dir.
func (s *Source) fill(ctx context.Context, b build, dir string, progress kernels.Progress) (kernels.Facts, error) {
	packages := b.packages
	if s.cfg.AllowUnindexedModules {
		packages = append(packages[:len(packages):len(packages)], b.unindexed...)
	}
	meter := newMeter(b, progress)
	for i, p := range packages {
		w := apt.Wanted{URL: p.URL, Size: p.Size, SHA256: p.SHA256, Report: meter.part(i)}
		err := s.client.WithFile(ctx, w, func(f *os.File, digest string) error {
			if p.SHA256 == "" {
				if err := s.pin(p.URL, digest); err != nil {
					return err
				}
			}
			if err := apt.Unpack(ctx, f, p, func(name string) string { return place(name, b.release) }, dir); err != nil {
				return fmt.Errorf("%s: %w", p.URL, err)
			}
			return nil
		})
		if absent := (*apt.MissingError)(nil); p.SHA256 == "" && errors.As(err, &absent) {
			err = fmt.Errorf("%w any more; if kernels.debian.allow-unindexed-modules is off, the kernel boots without modules", err)
		}
		if err != nil {
			return kernels.Facts{}, err
		}
	}
	return kernels.Facts{
		Release:        b.release,
		Version:        b.version,
		Arch:           b.arch,
		Flavour:        b.flavour,
		Origin:         "debian/" + b.suite,
		PackageVersion: b.image.Version,
	}, nil
}

// pin records the digest of a file that is in no index, and rejects any other
// from then on.
func (s *Source) pin(address, digest string) error {
	dir, err := s.store.Subdir(filepath.Join("debian", "pins"))
	if err != nil {
		return err
	}
	file := filepath.Join(dir, path.Base(address)+".sha256")
	known, err := os.ReadFile(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return osfile.Write(file, []byte(digest+"\n"), 0o600)
	case err != nil:
		return err
	case strings.TrimSpace(string(known)) != digest:
		return &apt.PinError{URL: address, Want: strings.TrimSpace(string(known)), Got: digest, Pin: file}
	}
	return nil
}

// meter sums the progress of a kernel's packages.
type meter struct {
	progress kernels.Progress
	name     string
	total    int64

	mu   sync.Mutex
	done map[int]int64
}

func newMeter(b build, progress kernels.Progress) *meter {
	m := &meter{progress: progress, name: b.release, done: map[int]int64{}}
	for _, p := range b.packages {
		m.total += p.Size
	}
	return m
}

// part returns the progress callback of one package.
func (m *meter) part(i int) func(int64) {
	if m.progress == nil {
		return nil
	}
	return func(done int64) {
		m.mu.Lock()
		m.done[i] = done
		var all int64
		for _, n := range m.done {
			all += n
		}
		total := max(m.total, all) // unindexed packages are not in m.total
		m.mu.Unlock()
		m.progress.Update(m.name, all, total)
	}
}

// place maps a file of a package to its name in the store, or to "" if it is
// not needed.
func place(name, release string) string {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	switch name {
	case "boot/vmlinuz-" + release, "boot/vmlinux-" + release: // riscv64 has an Image by that name
		return kernels.BootFile
	case "boot/config-" + release:
		return kernels.ConfigFile
	}
	below, ok := strings.CutPrefix(strings.TrimPrefix(name, "usr/"), "lib/modules/"+release+"/")
	switch {
	case !ok:
		return ""
	case below == "vmlinuz":
		return kernels.BootFile
	case below == "config":
		return kernels.ConfigFile
	case strings.HasPrefix(below, "kernel/"), strings.HasPrefix(below, "modules."):
		return filepath.Join(kernels.ModulesDir, filepath.FromSlash(below))
	}
	return ""
}
