package progress

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/sched"
)

// Phases are what cells wait for: kernels, images, boots, templates. The zero
// value is ready to use; it is not safe for concurrent use.
type Phases struct {
	began    map[phase]started
	lastCell time.Time
}

type phase struct{ work, kernel, fs string }

type started struct {
	at   time.Time
	text string
}

// Event follows what begins and what is over.
func (p *Phases) Event(e sched.Event, now time.Time) {
	key := phase{e.Work, e.Cell.Kernel, e.Cell.FS}
	switch e.Kind {
	case sched.Finished:
		p.lastCell = now
	case sched.Preparing:
		if p.began == nil {
			p.began = map[phase]started{}
		}
		p.began[key] = started{now, phaseText(e)}
	case sched.Prepared:
		delete(p.began, key)
	}
}

// phaseText is "making the template of 6.12.118 on xfs (3 of 8)".
func phaseText(e sched.Event) string {
	kernel, fs := sanitize.Line(cmp.Or(e.Version, e.Cell.Kernel)), sanitize.Line(e.Cell.FS)
	what := map[string]string{
		sched.WorkKernel:   "waiting for kernel " + kernel + " (%d of %d)",
		sched.WorkImage:    "building the image of " + kernel + " (%d of %d)",
		sched.WorkBoot:     "booting " + kernel + " for its templates (boot %d of %d)",
		sched.WorkTemplate: "making the template of " + kernel + " on " + fs + " (%d of %d)",
		sched.WorkVM:       "booting " + kernel + " on " + fs + " (boot %d of %d)",
	}[e.Work]
	if what == "" {
		return sanitize.Line(e.Work)
	}
	return fmt.Sprintf(what, e.Nth, e.Of)
}

// quiet is how long no cell may finish before it is worth saying what cells wait
// for.
const quiet = 3 * time.Second

// Text is the work that takes longest so far, and how much else there is; empty
// while cells finish.
func (p *Phases) Text(now time.Time) string {
	if len(p.began) == 0 || now.Sub(p.lastCell) < quiet {
		return ""
	}
	var all []started
	for _, s := range p.began {
		all = append(all, s)
	}
	first := slices.MinFunc(all, func(a, b started) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.text, b.text))
	})
	if n := len(all) - 1; n > 0 {
		return fmt.Sprintf("%s and %d more", first.text, n)
	}
	return first.text
}
