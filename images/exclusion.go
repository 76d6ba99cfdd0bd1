package images

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/splicelab/splicelab/kernels"
)

// ExcludedOn reports whether the profile is skipped on a kernel version at a
// given day, and why. An exclusion holds up to and including its last day.
// One that cannot be read, which Validate would have refused, does not hold.
func (p Profile) ExcludedOn(v kernels.Version, today time.Time) (reason string, ok bool) {
	for _, e := range p.Exclude {
		if e.Until != "" {
			// Dates of this form compare as text does.
			if today.Format(time.DateOnly) > e.Until {
				continue
			}
		}
		if r, err := parseRange(e.Kernels); err == nil && r.holds(v) {
			return e.Reason, true
		}
	}
	return "", false
}

func (e Exclusion) validate() error {
	if _, err := parseRange(e.Kernels); err != nil {
		return err
	}
	if strings.TrimSpace(e.Reason) == "" {
		return fmt.Errorf("kernels %q: reason is missing: it is shown instead of a result", e.Kernels)
	}
	if e.Until != "" {
		if _, err := time.Parse(time.DateOnly, e.Until); err != nil {
			return fmt.Errorf("until %q: must be a date like 2027-03-31", e.Until)
		}
	}
	return nil
}

// versionRange is inclusive; an empty bound is open.
type versionRange struct{ from, to string }

// parseRange reads "6.1", "6.1..6.6", "..6.0" or "7.0..".
func parseRange(s string) (versionRange, error) {
	if strings.TrimSpace(s) == "" || strings.TrimSpace(s) == ".." {
		return versionRange{}, errors.New(`kernels is missing: give a version or a range like "6.1..6.6"`)
	}
	from, to, isRange := strings.Cut(s, "..")
	r := versionRange{strings.TrimSpace(from), strings.TrimSpace(to)}
	if !isRange {
		r.to = r.from
	}
	for _, bound := range []string{r.from, r.to} {
		if bound == "" {
			continue
		}
		if _, err := kernels.ParseVersion(bound); err != nil {
			return versionRange{}, fmt.Errorf("kernels %q: %w", s, err)
		}
	}
	return r, nil
}

// holds reports whether v is in the range. As an upper bound "6.6" means all
// of that series, and "6.6.3" that version.
func (r versionRange) holds(v kernels.Version) bool {
	if r.from != "" {
		if from, err := kernels.ParseVersion(r.from); err != nil || v.Compare(from) < 0 && !within(v, r.from) {
			return false
		}
	}
	if r.to != "" {
		if to, err := kernels.ParseVersion(r.to); err != nil || v.Compare(to) > 0 && !within(v, r.to) {
			return false
		}
	}
	return true
}

// within reports whether bound names a whole series and v is of it; its
// release candidates are.
func within(v kernels.Version, bound string) bool {
	return strings.Count(bound, ".") == 1 && !strings.Contains(bound, "-") && v.Series() == bound
}
