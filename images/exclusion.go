package images

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/kernelversion"
)

// ExcludedOn reports whether the profile is skipped on a kernel on a given day,
// and why. An exclusion is valid up to and including its last day. Exclusions
// that Validate rejects are ignored.
func (p Profile) ExcludedOn(k kernelversion.Release, today time.Time) (reason string, ok bool) {
	for _, e := range p.Exclude {
		// Dates of this form compare as text.
		if e.Until != "" && today.Format(time.DateOnly) > e.Until {
			continue
		}
		if r, err := kernelversion.ParseRange(e.Kernels); err == nil && r.Contains(k) {
			return e.Reason, true
		}
	}
	return "", false
}

func (e Exclusion) validate() error {
	if strings.Trim(e.Kernels, ". ") == "" {
		return errors.New(`kernels is missing: give a version or a range like "6.1..6.6"`)
	}
	if _, err := kernelversion.ParseRange(e.Kernels); err != nil {
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
