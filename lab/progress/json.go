package progress

import (
	"encoding/json"
	"io"
	"maps"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
)

// Object is one line of JSON progress; docs/formats.md describes it. All fields
// are always there.
type Object struct {
	// Kind is plan (a run begins), progress (every second), notice (Text
	// concerns many cells), bisect (a step of a search) or end.
	Kind string    `json:"kind"`
	Time time.Time `json:"time"`
	Run  string    `json:"run"`
	// Cells with a verdict, and cells of the run; retries of failing cells do
	// not count as cells.
	Done    int `json:"done"`
	Total   int `json:"total"`
	Retried int `json:"retried"`
	Retries int `json:"retries"`
	// Kernels without work left, and all kernels.
	KernelsDone int                     `json:"kernels_done"`
	Kernels     int                     `json:"kernels"`
	Verdicts    map[outcome.Verdict]int `json:"verdicts"`
	Classes     map[outcome.Class]int   `json:"classes"`
	Rate        float64                 `json:"rate"`         // cells each second
	Share       float64                 `json:"share"`        // of the work, 0 to 1
	LeftSeconds *float64                `json:"left_seconds"` // null: not known
	// Phase is what the program does: what cells wait for, what is fetched or
	// built; empty while cells run.
	Phase  string  `json:"phase"`
	Text   string  `json:"text"`   // notice
	Bisect *Search `json:"bisect"` // bisect; else null
}

// objects writes progress as JSON.
type objects struct {
	mu   sync.Mutex
	out  io.Writer
	last time.Time // when the last object of kind progress was written
}

// every is the time between two objects of kind progress.
const every = time.Second

// write writes an object; one of kind progress only if it is due.
func (o *objects) write(object Object) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if object.Kind == "progress" {
		if object.Time.Sub(o.last) < every {
			return
		}
		o.last = object.Time
	}
	if object.Verdicts == nil {
		object.Verdicts = map[outcome.Verdict]int{}
	}
	classes := map[outcome.Class]int{}
	for _, c := range outcome.Classes {
		classes[c] = object.Classes[c]
	}
	object.Classes = classes
	object.Time = object.Time.UTC().Truncate(time.Millisecond)
	line, err := json.Marshal(object)
	if err != nil {
		return // not with finite numbers
	}
	_, _ = o.out.Write(append(line, '\n')) // progress that cannot be shown is no reason to stop a run
}

// object is the tally as an object.
func (t *tally) object(kind string, now time.Time) Object {
	o := Object{
		Kind: kind, Time: now, Run: t.run, Done: t.done, Total: t.total, Retried: t.retried, Retries: t.retries, KernelsDone: t.kernelsDone, Kernels: t.kernels,
		Verdicts: maps.Clone(t.verdicts), Classes: t.classes, Rate: round(t.estimate.Rate), Share: round(t.estimate.Share),
		Phase: t.phase(now), Bisect: t.search,
	}
	if left := t.estimate.Left; left > 0 {
		seconds := round(left.Seconds())
		o.LeftSeconds = &seconds
	}
	return o
}

// phase is what is done besides running cells.
func (t *tally) phase(now time.Time) string {
	switch {
	case t.doing != "":
		return t.doing
	case t.total > 0 && t.phases.Text(now) != "":
		return t.phases.Text(now)
	case t.fetchesLeft(), t.total == 0 && len(t.transfers) > 0:
		return t.fetchLine(now)
	case t.total == 0:
		return t.status
	}
	return ""
}

// notices writes lines of text, each as an object.
func (o *objects) notices(lines []byte, now time.Time) {
	for line := range strings.Lines(string(lines)) {
		if text := sanitize.Line(strings.TrimRight(line, "\r\n")); text != "" {
			o.write(Object{Kind: "notice", Time: now, Text: text})
		}
	}
}

func round(x float64) float64 { return math.Round(x*1000) / 1000 }
