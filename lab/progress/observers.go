package progress

import (
	"fmt"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/sched"
)

// Notices is an observer that prints what concerns many cells, and retries, but no
// progress: for runs of a few cells within something longer.
type Notices struct{ Out *Progress }

// Event implements lab.Observer.
func (n Notices) Event(e sched.Event) {
	switch e.Kind {
	case sched.Notice:
		_, _ = fmt.Fprintln(n.Out, sanitize.Line(e.Text)) // the run does not depend on it
	case sched.Retry:
		_, _ = fmt.Fprintln(n.Out, noteOf(e))
	}
}

// Unattended is the progress of a run that nobody watches: in a log it shows
// only what concerns many cells, unless a mode was chosen.
type Unattended struct{ *Progress }

// all reports whether everything is shown.
func (u Unattended) all() bool { return u.terminal || u.mode == JSON || u.mode == Plain }

// Event implements lab.Observer.
func (u Unattended) Event(e sched.Event) {
	if u.all() || e.Kind == sched.Planned || e.Kind == sched.Notice {
		u.Progress.Event(e)
	}
}

// Update implements kernels.Progress.
func (u Unattended) Update(name string, done, total int64) {
	if u.all() {
		u.Progress.Update(name, done, total)
	}
}
