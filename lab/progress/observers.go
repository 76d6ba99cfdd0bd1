package progress

import (
	"fmt"

	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/results"
)

// Notices is an observer that prints what concerns many cells, and retries, but
// not how far the run is: for runs of a few cells within something longer.
type Notices struct{ Out *Progress }

// Event implements lab.Observer.
func (n Notices) Event(e lab.Event) {
	switch e.Kind {
	case lab.EventNotice:
		_, _ = fmt.Fprintln(n.Out, results.CleanLine(e.Text)) // the run does not depend on it
	case lab.EventRetry:
		_, _ = fmt.Fprintln(n.Out, noteOf(e))
	}
}

// Unattended is the progress of a run that nobody watches: in a log it shows
// only what concerns many cells.
type Unattended struct{ *Progress }

// Event implements lab.Observer.
func (u Unattended) Event(e lab.Event) {
	if u.terminal || e.Kind == lab.EventPlanned || e.Kind == lab.EventNotice {
		u.Progress.Event(e)
	}
}

// Update implements kernels.Progress.
func (u Unattended) Update(name string, done, total int64) {
	if u.terminal {
		u.Progress.Update(name, done, total)
	}
}
