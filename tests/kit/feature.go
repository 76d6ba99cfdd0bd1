package kit

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/splicelab/splicelab/outcome"
)

// Feature is something that not every kernel and filesystem has.
type Feature string

// The features that tests require.
const (
	PunchHole     Feature = "FALLOC_FL_PUNCH_HOLE"
	ZeroRange     Feature = "FALLOC_FL_ZERO_RANGE"
	CollapseRange Feature = "FALLOC_FL_COLLAPSE_RANGE"
	InsertRange   Feature = "FALLOC_FL_INSERT_RANGE"
	WriteZeroes   Feature = "FALLOC_FL_WRITE_ZEROES"
	DirectIO      Feature = "O_DIRECT"
	DontCache     Feature = "RWF_DONTCACHE"
	CloneRange    Feature = "FICLONERANGE"
	ExchangeRange Feature = "XFS_IOC_EXCHANGE_RANGE"
)

// required lists the first kernel in which a filesystem has a feature in every
// configuration that the lab can mount; from there on a missing feature is a
// failure, not a skip. WRITE_ZEROES is not listed because it depends on the
// device, and cloning and deduplication on xfs because they are optional in
// mkfs.xfs. Exchanging ranges is listed because its test recognises a filesystem
// made without it. Source: the commit in the kernel's git history that added each
// operation; for RWF_DONTCACHE, the oldest kernel of the default matrix that was
// observed to have it.
var required = map[Feature]map[string]version{
	PunchHole:      {"ext4": {3, 0}, "xfs": {2, 6}, "btrfs": {3, 7}, "tmpfs": {3, 5}, "f2fs": {3, 8}},
	ZeroRange:      {"ext4": {3, 15}, "xfs": {3, 15}, "btrfs": {4, 16}, "f2fs": {4, 2}},
	CollapseRange:  {"ext4": {3, 15}, "xfs": {3, 15}, "f2fs": {4, 2}},
	InsertRange:    {"ext4": {4, 2}, "xfs": {4, 1}, "f2fs": {4, 2}},
	DirectIO:       {"ext4": {2, 6}, "xfs": {2, 6}, "btrfs": {2, 6}, "tmpfs": {6, 6}},
	DontCache:      {"ext4": {6, 18}, "xfs": {6, 18}},
	CloneRange:     {"btrfs": {2, 6}},
	Dedupe:         {"btrfs": {3, 12}},
	ExchangeRange:  {"xfs": {6, 10}},
	Unshare:        {"xfs": {4, 9}},
	Freeze:         {"ext4": {2, 6}, "xfs": {2, 6}},
	MoveExtent:     {"ext4": {2, 6}},
	PlainFallocate: {"ext4": {2, 6}, "xfs": {2, 6}, "btrfs": {2, 6}, "tmpfs": {3, 5}, "f2fs": {3, 8}},
}

// version is the first two numbers of a kernel release.
type version struct{ major, minor int }

// parseVersion reads the beginning of a release such as "6.12.117+deb12".
func parseVersion(release string) (version, error) {
	major, rest, ok := strings.Cut(release, ".")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	a, err1 := strconv.Atoi(major)
	b, err2 := strconv.Atoi(rest[:end])
	if !ok || err1 != nil || err2 != nil {
		return version{}, fmt.Errorf("kernel release %q does not begin with two numbers", release)
	}
	return version{a, b}, nil
}

func (v version) before(w version) bool {
	return v.major < w.major || v.major == w.major && v.minor < w.minor
}

// mustHave returns the first kernel in which a filesystem type has a feature, and
// whether a kernel of the given release must therefore have it.
func mustHave(f Feature, fsType, release string) (since version, must bool) {
	since, known := required[f][fsType]
	v, err := parseVersion(release)
	return since, known && err == nil && !v.before(since)
}

// Unsupported ends the cell after the kernel refused a feature: skipped, or
// failed if this kernel must have it on this filesystem. what names the refused
// call, and err is its errno.
func (c *Cell) Unsupported(f Feature, what string, err error) {
	c.T.Helper()
	if since, must := mustHave(f, c.FS.Type, release()); must {
		c.expect = outcome.Snapshot
		c.Conclude(Finding{Outcome: outcome.Error, Detail: fmt.Sprintf("%s: %s, but %s has %s since Linux %d.%d",
			what, ErrnoName(err), c.FS.Type, f, since.major, since.minor)})
	}
	c.Skip("%s: %s on %s", what, ErrnoName(err), c.FS.Type)
}
