package guestbin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

const (
	// cachePart is the directory in the cache that holds the sets.
	cachePart = "guest"
	tmpPrefix = ".tmp-"
	// keepUnused is how long a set of another version stays after its last
	// use; it bounds the cache when splicelab is rebuilt often.
	keepUnused = 30 * 24 * time.Hour
	// keepTemporary is longer than any extraction: anything older was left
	// behind by a killed process.
	keepTemporary = 24 * time.Hour
)

// Extract returns the directory below cache that holds the programs of the set.
// They are extracted once; later calls verify their digests. Processes may call
// it concurrently.
func (s *Set) Extract(cache string) (string, error) {
	return provide(cache, s.id, s.programs, s.decompress)
}

// provide returns cache/guest/id if it holds the programs intact, and fills it
// otherwise. A nil programs accepts what the directory's own manifest lists.
func provide(cache, id string, programs []Program, fill func(dir string) error) (string, error) {
	sets := filepath.Join(cache, cachePart)
	dir := filepath.Join(sets, id)
	if verify(dir, programs) == nil {
		now := time.Now()
		_ = os.Chtimes(dir, now, now) // last use, for prune; a read-only cache works too
		return dir, nil
	}
	if err := os.MkdirAll(sets, 0o755); err != nil {
		return "", fmt.Errorf("guest programs: %w", err)
	}
	prune(sets, time.Now())
	tmp, err := os.MkdirTemp(sets, tmpPrefix)
	if err != nil {
		return "", fmt.Errorf("guest programs: %w", err)
	}
	err = fillAndMove(tmp, dir, programs, fill)
	if left := os.RemoveAll(tmp); err == nil && left != nil {
		err = left
	}
	if err != nil {
		return "", fmt.Errorf("guest programs: %w", err)
	}
	return dir, nil
}

// fillAndMove fills tmp and renames it to dir. It does not sync: digests are
// verified on every use, so what a power cut leaves is replaced.
func fillAndMove(tmp, dir string, programs []Program, fill func(string) error) error {
	fresh := filepath.Join(tmp, "new")
	if err := os.Mkdir(fresh, 0o755); err != nil {
		return err
	}
	if err := fill(fresh); err != nil {
		return err
	}
	if err := writeManifest(fresh); err != nil {
		return err
	}
	if err := verify(fresh, programs); err != nil {
		return err
	}
	// Another process may have been faster; then its set is as good as ours. A
	// corrupt set is first renamed, atomically, into our directory.
	for range 3 {
		err := os.Rename(fresh, dir)
		if err == nil || verify(dir, programs) == nil {
			return nil
		}
		if !errors.Is(err, unix.ENOTEMPTY) && !errors.Is(err, unix.EEXIST) && !errors.Is(err, unix.ENOTDIR) {
			return err
		}
		if err := os.Rename(dir, filepath.Join(tmp, "old")); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return fmt.Errorf("%s is replaced again and again by another process", dir)
}

// verify reports what is wrong with the programs in dir.
func verify(dir string, programs []Program) error {
	if programs == nil {
		b, err := os.ReadFile(filepath.Join(dir, manifestFile))
		if err != nil {
			return err
		}
		if programs, err = parseManifest(b); err != nil {
			return err
		}
	}
	var g errgroup.Group
	for _, want := range programs {
		g.Go(func() error {
			got, err := describe(filepath.Join(dir, want.Name))
			if err == nil && got != want {
				err = fmt.Errorf("guest program %s is corrupt: sha256 %s, want %s", want.Name, got.SHA256, want.SHA256)
			}
			return err
		})
	}
	return g.Wait()
}

func writeManifest(dir string) error {
	programs, err := programsIn(dir)
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(programs, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, manifestFile), append(b, '\n'), 0o644)
}

// decompress writes all programs to dir, in parallel.
func (s *Set) decompress(dir string) error {
	var g errgroup.Group
	for _, p := range s.programs {
		g.Go(func() error {
			if err := s.decompressOne(p, filepath.Join(dir, p.Name)); err != nil {
				return fmt.Errorf("extracting %s: %w", p.Name, err)
			}
			return nil
		})
	}
	return g.Wait()
}

func (s *Set) decompressOne(p Program, path string) (err error) {
	in, err := s.files.Open(p.Name + archiveSuffix)
	if err != nil {
		return err
	}
	defer in.Close()
	d, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer d.Close()
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	h := sha256.New()
	// Reading one byte more than expected detects a longer file.
	if _, err = io.Copy(io.MultiWriter(out, h), io.LimitReader(d, p.Size+1)); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != p.SHA256 {
		return fmt.Errorf("the archive is corrupt: sha256 %s, want %s", got, p.SHA256)
	}
	return nil
}

// prune removes sets that have long been unused, and what killed processes left
// behind. It is best effort: what fails is left for the next call.
func prune(sets string, now time.Time) {
	entries, err := os.ReadDir(sets)
	if err != nil {
		return
	}
	for _, e := range entries {
		keep := keepUnused
		if strings.HasPrefix(e.Name(), tmpPrefix) {
			keep = keepTemporary
		}
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > keep {
			_ = os.RemoveAll(filepath.Join(sets, e.Name()))
		}
	}
}
