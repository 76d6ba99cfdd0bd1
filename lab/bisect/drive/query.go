// Package drive runs bisections: it selects the cell, builds or fetches the
// kernels that a search of package bisect needs, tries the cell on them, and
// writes the answer. It must not know flags or verbs.
//
// Read driver.go for how a kernel is tried, and then packages.go, commits.go
// and config.go for the three searches; kernelmap.go tries every kernel.
package drive

import (
	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/lab/bisect"
)

// Query is the input of every search. The cell, the policy and the VMs are
// options of a run.
type Query struct {
	Good, Bad  string  // the two ends
	Term       string  // GOOD..BAD; empty: whatever differs between the ends
	Confidence float64 // the probability of being right, above 0 and below 1
	Tries      int     // the maximum number of attempts at one kernel, at least 1
	Fresh      bool    // ignores a journal that could be resumed
	From       []string
}

// Check rejects invalid input before anything is fetched.
func (q Query) Check() error {
	if !(q.Confidence > 0 && q.Confidence < 1) {
		return input.Optionf("confidence", "%g is not a probability above 0 and below 1, such as 0.99", q.Confidence)
	}
	if q.Tries < 1 {
		return input.Optionf("tries", "%d: at least one is needed", q.Tries)
	}
	if q.Term != "" {
		if _, err := bisect.ParseTerms(q.Term); err != nil {
			return input.Optionf("term", "%s", err)
		}
	}
	return nil
}
