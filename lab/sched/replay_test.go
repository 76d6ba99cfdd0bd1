package sched

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/estimate"
)

// recording is the events of a real run, with their times.
type recording struct {
	Note        string
	Isolation   plan.Isolation
	Slots       int
	Templates   bool
	Kernels     []string
	Filesystems []string
	Tests       []string
	Known       [][3]int // cells that a resumed run had: indices of kernel, filesystem and test
	Expected    [][4]int // what cells took in the run before, in ms
	Events      [][6]any // ms, kind, work, and the indices of the cell; -1 is empty
}

func (r *recording) key(k, f, t int) (key results.CellKey) {
	at := func(names []string, i int) string {
		if i < 0 {
			return ""
		}
		return names[i]
	}
	return results.CellKey{Kernel: at(r.Kernels, k), FS: at(r.Filesystems, f), Test: at(r.Tests, t)}
}

func (r *recording) plan() *plan.Plan {
	p := &plan.Plan{}
	for _, k := range r.Kernels {
		p.Kernels = append(p.Kernels, plan.Kernel{Release: k})
	}
	for _, f := range r.Filesystems {
		p.Profiles = append(p.Profiles, images.Profile{Name: f})
	}
	for _, t := range r.Tests {
		p.Tests = append(p.Tests, plan.Test{Suite: "splice", Top: t[len("splice."):]})
	}
	return p
}

// scheduler is the run's scheduler before its first event.
func (r *recording) scheduler() *Scheduler {
	c := Config{Plan: r.plan(), Isolation: r.Isolation, Slots: r.Slots, Processors: 2, Templates: r.Templates, Expected: map[results.CellKey]time.Duration{}}
	for _, e := range r.Expected {
		c.Expected[r.key(e[0], e[1], e[2])] = time.Duration(e[3]) * time.Millisecond
	}
	for _, k := range r.Known {
		c.Known = append(c.Known, results.FromAttempts([]results.Attempt{{CellKey: r.key(k[0], k[1], k[2]), N: 1, Verdict: "pass"}}))
	}
	s := New(c, nil, nil)
	s.progress.tracker = newTracker(c, time.UnixMilli(0))
	s.expect(c.Plan.Units(c.Isolation, c.Expected))
	return s
}

func (r *recording) event(i int) (Event, time.Time) {
	e := r.Events[i]
	n := func(i int) int { return int(e[i].(float64)) }
	return Event{Kind: EventKind(e[1].(string)), Work: e[2].(string), Cell: r.key(n(3), n(4), n(5))}, time.UnixMilli(int64(n(0)))
}

// slack is how long before the end estimates are no longer checked: it is not worth
// the precision.
const slack = 3 * time.Second

// After a tenth of a run the time left is never off by more than half, at any
// event of recorded runs, nor between two of them.
func TestTimeLeftOfRecordedRuns(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 3 {
		t.Fatalf("recordings: %q, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var r recording
			if err := json.Unmarshal(content, &r); err != nil {
				t.Fatal(err)
			}
			s := r.scheduler()
			_, end := r.event(len(r.Events) - 1)
			total, finished := len(r.Kernels)*len(r.Filesystems)*len(r.Tests)-len(r.Known), 0
			checked, worst := 0, 0.0
			check := func(now time.Time) {
				p := s.progress.tracker.Progress(now)
				left := end.Sub(now)
				if finished < (total+9)/10 || left < slack {
					return
				}
				checked++
				off := (p.Left - left).Abs()
				worst = max(worst, off.Seconds()/left.Seconds())
				if off > left/2 {
					t.Errorf("after %.1f s %.2f is done, and %s are left: the estimate is %s", float64(now.UnixMilli())/1000, p.Share, left.Round(time.Second/10), p.Left.Round(time.Second/10))
				}
			}
			var last time.Time
			for i := range r.Events {
				e, now := r.event(i)
				if i > 0 {
					for at := last.Add(time.Second); at.Before(now); at = at.Add(time.Second) {
						check(at)
					}
				}
				if e.Kind == Finished {
					finished++
				}
				s.progress.tracker.event(e, now)
				check(now)
				last = now
			}
			if checked < 30 {
				t.Errorf("only %d estimates were checked", checked)
			}
			if p := s.progress.tracker.Progress(end); p != (estimate.Progress{Share: 1, Rate: p.Rate}) {
				t.Errorf("at the end it is %+v", p)
			}
			t.Logf("%s: %d estimates, the worst is off by %.0f %%", r.Note, checked, 100*worst)
		})
	}
}
