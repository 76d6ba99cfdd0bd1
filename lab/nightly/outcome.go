package nightly

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/splicelab/splicelab/results/changes"
)

// Outcome is the result of a nightly run.
type Outcome struct {
	News     changes.Summary
	Reports  []string // paths or URLs
	Notified bool     // a notification was due
	// Failed are faults that occurred too late to be in the summary.
	Failed []string
}

// Write writes the summary to out if a notification was due, and the run's id
// and its subject to log.
func (o Outcome) Write(out, log io.Writer) {
	if o.Notified {
		fmt.Fprint(out, o.News.Text(o.Reports))
	}
	fmt.Fprintf(log, "run %s: %s\n", cmp.Or(o.News.Run.ID, "none"), o.News.Subject())
}

// Err is an *IncompleteError if the run is incomplete or something failed after
// it.
func (o Outcome) Err() error {
	if o.News.Whole() && len(o.Failed) == 0 {
		return nil
	}
	return &IncompleteError{append(append([]string{}, o.News.Problems...), o.Failed...)}
}

// IncompleteError reports that the lab failed during a nightly run.
type IncompleteError struct{ Faults []string }

func (e *IncompleteError) Error() string {
	if len(e.Faults) == 0 {
		return "the nightly run is incomplete: see above"
	}
	return strings.Join(e.Faults, "\n")
}
