package debian

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/splicelab/splicelab/kernels/apt"
)

// packages returns the kernel packages of an architecture in a suite. Reading a
// whole index takes seconds, so the result is cached until the index changes.
func (s *Source) packages(ctx context.Context, rel release, architecture string) ([]apt.Package, error) {
	base := apt.IndexPath(architecture)
	var missing error
	// An index of 65 MB unpacks in 1 s from gzip and in 5 s from xz, which
	// saves 4 MB of 15: gzip wins on any connection faster than 8 Mbit/s.
	for _, suffix := range []string{".gz", ".xz"} {
		path := base + suffix
		file, ok := rel.Files[path]
		if !ok {
			continue
		}
		found, err := s.indexPackages(ctx, rel, architecture, path, file)
		if absent := (*apt.MissingError)(nil); errors.As(err, &absent) {
			missing = err
			continue
		}
		return found, err
	}
	if missing != nil {
		return nil, missing
	}
	if !s.named || architecture != s.cfg.Architecture {
		return nil, nil // bullseye has no riscv64
	}
	return nil, fmt.Errorf("%s lists neither %s.gz nor %s.xz", rel.URL("InRelease"), base, base)
}

func (s *Source) indexPackages(ctx context.Context, rel release, architecture, path string, file apt.IndexFile) ([]apt.Package, error) {
	extract := filepath.Join(rel.dir, architecture+"-"+file.SHA256+".json")
	if found, err := apt.ReadExtract(extract); err == nil {
		return found, nil
	}
	addresses := []string{rel.URL(path)}
	if rel.ByHash {
		// The by-hash name stays valid while the mirror is being updated.
		addresses = []string{rel.URL(filepath.Dir(path) + "/by-hash/SHA256/" + file.SHA256), rel.URL(path)}
	}
	var found []apt.Package
	var err error
	for _, address := range addresses {
		err = s.client.WithFile(ctx, apt.Wanted{URL: address, Size: file.Size, SHA256: file.SHA256}, func(f *os.File, _ string) error {
			plain, err := apt.Decompress(f, path)
			if err != nil {
				return fmt.Errorf("%s: %w", address, err)
			}
			if found, err = apt.ScanIndex(plain, rel.Archive, isKernelPackage); err != nil {
				return fmt.Errorf("%s: %w", address, err)
			}
			return nil
		})
		if absent := (*apt.MissingError)(nil); !errors.As(err, &absent) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	for _, old := range apt.Glob(filepath.Join(rel.dir, architecture+"-*.json")) {
		if err := os.Remove(old); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return found, apt.WriteExtract(extract, found)
}

// isKernelPackage reports whether a package of that name may be one of a kernel.
func isKernelPackage(name string) bool {
	for _, part := range []string{"image", "binary", "modules", "base"} {
		rest, ok := strings.CutPrefix(name, "linux-"+part+"-")
		if ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			return !strings.HasSuffix(rest, "-dbg")
		}
	}
	return false
}
