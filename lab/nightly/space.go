package nightly

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Place is a directory that a nightly run writes to.
type Place struct {
	Name string // "cache"
	Dir  string
}

// short lists the places whose filesystem has less than need bytes free, each
// filesystem once.
func short(places []Place, need int64) (lacking []string, err error) {
	seen := map[uint64]bool{}
	for _, p := range places {
		if err := os.MkdirAll(p.Dir, 0o755); err != nil {
			return nil, fmt.Errorf("%s directory: %w", p.Name, err)
		}
		var st unix.Stat_t
		var sfs unix.Statfs_t
		if err := errors.Join(unix.Stat(p.Dir, &st), unix.Statfs(p.Dir, &sfs)); err != nil {
			return nil, fmt.Errorf("%s directory %s: %w", p.Name, p.Dir, err)
		}
		if seen[st.Dev] {
			continue
		}
		seen[st.Dev] = true
		if free := int64(sfs.Bavail) * sfs.Bsize; free < need {
			lacking = append(lacking, fmt.Sprintf("%s of %s free in the %s directory %s", mib(free), mib(need), p.Name, p.Dir))
		}
	}
	return lacking, nil
}

func mib(bytes int64) string { return fmt.Sprintf("%d MiB", bytes>>20) }

// NoRoomError reports a nightly run that did not start because a disk is full.
type NoRoomError struct {
	Lacking []string
}

func (e *NoRoomError) Error() string {
	return "no space for a nightly run, after old runs, reports and unused parts of the cache were removed: " + strings.Join(e.Lacking, "; ")
}
