package debian

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/osfile"
	"github.com/splicelab/splicelab/kernels/apt"
)

// settings is where the settings of the archive are, and keyringPackage the
// package with its keys.
const (
	settings       = "kernels.debian"
	keyringPackage = "debian-archive-keyring"
)

// keyring reads the configured keys, or the host's.
func (s *Source) keyring() (apt.Keyring, error) {
	files, inline := s.cfg.Keyring, []string(nil)
	if len(files) == 0 {
		files, inline = s.apt.keyrings, s.apt.keys
	}
	var keys apt.Keyring
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, badSetting("keyring", "%s", err)
		}
		found, err := apt.ReadKeys(text)
		if err != nil {
			return nil, badSetting("keyring", "%s: %s", path, err)
		}
		keys = append(keys, found...)
	}
	for _, text := range inline {
		found, err := apt.ReadKeys([]byte(text))
		if err != nil {
			return nil, badSetting("keyring", "Signed-By in apt's sources: %s", err)
		}
		keys = append(keys, found...)
	}
	if len(keys) == 0 {
		return nil, badSetting("keyring", "no archive keys on this host: install the package debian-archive-keyring, or set it to a file with the archive's keys")
	}
	return keys, nil
}

// release is a suite's Release file, as the mirror has it or from the cache.
type release struct {
	apt.Release
	dir     string // in the store, for this suite of this archive
	fresh   bool   // just downloaded from the mirror
	warning string // a tolerated problem
}

// maxRelease bounds an InRelease file in bytes; Debian's have up to 250 KB.
const maxRelease = 16 << 20

// release returns the suite's Release file: the cached one if it is recent,
// else the mirror's. If the mirror does not answer, a cached one that is still
// valid is used, with a warning.
func (s *Source) release(ctx context.Context, suite string, keys apt.Keyring) (release, error) {
	rel := release{Release: apt.Release{Suite: suite, Archive: s.cfg.archive(suite)}}
	dir, err := s.store.Subdir(filepath.Join("debian", "suites", suite+"-"+apt.Sum([]byte(rel.Archive))[:12]))
	if err != nil {
		return release{}, err
	}
	rel.dir = dir
	path := filepath.Join(dir, "InRelease")
	cached, cachedErr := s.readRelease(rel, path, keys)
	if info, err := os.Stat(path); err == nil && cachedErr == nil && !s.cfg.Refresh {
		if age := s.now().Sub(info.ModTime()); age >= 0 && age < s.cfg.MaxAge {
			return cached, nil
		}
	}
	text, err := s.client.GetAll(ctx, rel.URL("InRelease"), maxRelease)
	if err != nil {
		var unreachable *apt.UnreachableError
		if cachedErr == nil && errors.As(err, &unreachable) && ctx.Err() == nil {
			cached.warning = strings.TrimPrefix(cached.warning+"; ", "; ") +
				fmt.Sprintf("suite %s may be out of date, using its index of %s: %s", suite, cached.Date.Format(time.DateOnly), err)
			return cached, nil
		}
		return release{}, err
	}
	rel.fresh = true
	fresh, err := s.verifyRelease(rel, text, keys)
	if err != nil {
		return release{}, err
	}
	if cachedErr == nil && fresh.Date.Before(cached.Date) {
		cached.warning = strings.TrimPrefix(cached.warning+"; ", "; ") +
			fmt.Sprintf("suite %s: the mirror went back from %s to %s; using the newer, cached index", suite, cached.Date.Format(time.DateTime), fresh.Date.Format(time.DateTime))
		return cached, nil
	}
	if err := osfile.Write(path, text, 0o600); err != nil {
		return release{}, err
	}
	return fresh, os.Chtimes(path, s.now(), s.now())
}

// readRelease reads and verifies a cached Release file; an invalid one is
// treated as missing.
func (s *Source) readRelease(rel release, path string, keys apt.Keyring) (release, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return release{}, err
	}
	return s.verifyRelease(rel, text, keys)
}

// verifyRelease checks the signature, the suite and the validity of an
// InRelease file and reads it.
func (s *Source) verifyRelease(rel release, text []byte, keys apt.Keyring) (release, error) {
	err := rel.Verify(text, keys, s.now)
	if unknown := (*apt.UnknownKeyError)(nil); errors.As(err, &unknown) {
		unknown.Settings, unknown.Package = settings, keyringPackage
	}
	if err != nil {
		return release{}, err
	}
	if rel.Until.IsZero() || s.now().Before(rel.Until) {
		return rel, nil
	}
	switch {
	case s.cfg.allowsExpired(rel.Suite):
	case s.apt.IgnoreValidUntil:
		rel.warning = fmt.Sprintf("suite %s expired on %s and is used anyway, because apt's Acquire::Check-Valid-Until is false", rel.Suite, rel.Until.Format(time.DateOnly))
	default:
		return release{}, &apt.ExpiredError{Settings: settings, Suite: rel.Suite, Until: rel.Until}
	}
	return rel, nil
}
