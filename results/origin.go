package results

import (
	"slices"
	"strings"
)

// Origin is what began a run.
type Origin string

// The origins of runs. Others may be in a store of a newer version.
const (
	OriginUser    Origin = "user"    // splicelab run
	OriginNightly Origin = "nightly" // splicelab nightly
	OriginImport  Origin = "import"  // splicelab results import
	OriginBisect  Origin = "bisect"
	OriginRepro   Origin = "repro"
	OriginCompare Origin = "compare" // splicelab tests compare
	OriginProve   Origin = "prove"   // splicelab tests prove
	OriginBench   Origin = "bench"
)

// whole are the origins of runs that users look at as such. "latest", dates,
// lists and histories are of these.
var whole = []Origin{OriginUser, OriginNightly, OriginImport}

// Step reports whether the run is a means to another command's end: a few cells
// that a bisection chose, or the attempts of one report. Compared with a matrix
// they would look like hundreds of lost cells.
func (o Origin) Step() bool { return !slices.Contains(whole, o) }

// InSequence reports whether a run has a place in the sequence of runs that tested
// the same: it is no step of another command, and has no pending cells.
func (r Run) InSequence() bool { return !r.Pending && !r.Origin.Step() }

// Selected is what a run was asked to test, for lists of runs.
type Selected struct {
	Filesystems []string // profile names
	Tests       string   // in words, such as "quick cells"; empty: not known
}

// Key is equal for runs that were asked to test the same.
func (s Selected) Key() string {
	return strings.Join(slices.Sorted(slices.Values(s.Filesystems)), ",") + "\n" + s.Tests
}
