package guestbin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"
)

// Pack compresses the programs in the directory programs into the directory
// archives, and returns the names of those that had changed. The others keep
// their archives, so that nothing is relinked needlessly.
func Pack(programs, archives string) (changed []string, err error) {
	all, err := programsIn(programs)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no guest programs", programs)
	}
	packed := map[string]Program{}
	if old, err := os.ReadFile(filepath.Join(archives, manifestFile)); err == nil {
		// Without a readable manifest everything is repacked.
		was, _ := parseManifest(old)
		for _, p := range was {
			packed[p.Name] = p
		}
	}
	// Until all archives are written the manifest must not vouch for them.
	manifest := filepath.Join(archives, manifestFile)
	var g errgroup.Group
	for _, p := range all {
		archive := filepath.Join(archives, p.Name+archiveSuffix)
		if _, err := os.Stat(archive); err == nil && packed[p.Name] == p {
			continue
		}
		if len(changed) == 0 {
			if err := os.Remove(manifest); err != nil && !errors.Is(err, os.ErrNotExist) {
				return nil, err
			}
		}
		changed = append(changed, p.Name)
		g.Go(func() error { return compress(filepath.Join(programs, p.Name), archive) })
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("packing the guest programs: %w", err)
	}
	if err := removeStale(archives, all); err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return nil, err
	}
	b = append(b, '\n')
	if old, err := os.ReadFile(manifest); err == nil && bytes.Equal(old, b) {
		return nil, nil
	}
	return changed, os.WriteFile(manifest, b, 0o644)
}

// programsIn describes the executables in dir, sorted by name.
func programsIn(dir string) ([]Program, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []Program
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
			continue
		}
		p, err := describe(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// compress writes the archive of a program. A single encoder thread gives the
// same archive everywhere, which a reproducible package needs.
func compress(program, archive string) error {
	b, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(archive, w.EncodeAll(b, nil), 0o644), w.Close())
}

// removeStale removes archives of programs that no longer exist.
func removeStale(archives string, programs []Program) error {
	keep := map[string]bool{}
	for _, p := range programs {
		keep[p.Name+archiveSuffix] = true
	}
	entries, err := os.ReadDir(archives)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), archiveSuffix) && !keep[e.Name()] {
			if err := os.Remove(filepath.Join(archives, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
