package progress

import (
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results/estimate"
)

// tally summarises the events of a run.
type tally struct {
	doing     string // shown before everything else
	status    string // shown if nothing else is
	transfers map[string]transfer
	fetching  time.Time // when the first byte came
	done      int
	total     int
	infra     int // infra attempts that are retried
	retried   int // retries of failed cells that are done
	retries   int // retries of failed cells that are done or due
	verdicts  map[outcome.Verdict]int
	classes   map[outcome.Class]int
	run       string  // its id
	search    *Search // of a bisection; nil for none

	kernels, kernelsDone int

	phases   Phases
	estimate estimate.Progress
	began    time.Time // when the first event or download came
}

// transfer is one download. had is what an earlier attempt had already
// downloaded, which does not count towards the rate.
type transfer struct{ had, done, total int64 }

func (t *tally) begin(now time.Time) {
	if t.began.IsZero() {
		t.began = now
	}
}

func (t *tally) download(name string, done, total int64, now time.Time) {
	t.begin(now)
	if t.transfers == nil {
		t.transfers, t.fetching = map[string]transfer{}, now
	}
	one, known := t.transfers[name]
	if !known {
		one.had = done
	}
	one.done, one.total = done, max(total, done)
	t.transfers[name] = one
}

func (t *tally) event(e sched.Event, now time.Time) {
	t.begin(now)
	if t.verdicts == nil {
		t.verdicts, t.classes = map[outcome.Verdict]int{}, map[outcome.Class]int{}
	}
	switch e.Kind {
	case sched.Planned:
		t.run = e.Run
	case sched.Finished:
		if !e.Again { // a cell counts once
			t.verdicts[e.Attempt.Verdict]++
			t.classes[e.Attempt.Class()]++
		}
	case sched.Retry:
		t.infra++
	}
	// Events of several goroutines may come in another order than they happened.
	if e.Done+e.Retried >= t.done+t.retried {
		t.estimate = e.Estimate
	}
	t.done, t.total = max(t.done, e.Done), max(t.total, e.Total)
	t.retried, t.retries = max(t.retried, e.Retried), max(t.retries, e.Retries)
	t.kernels, t.kernelsDone = max(t.kernels, e.Kernels), max(t.kernelsDone, e.KernelsDone)
	t.phases.Event(e, now)
}

// line is the whole tally in one line; empty when there is nothing to report.
func (t *tally) line(now time.Time) string {
	switch {
	case t.search != nil && t.doing != "":
		return t.doing
	case t.search != nil && t.fetchesLeft():
		return t.fetchLine(now)
	case t.search != nil:
		return t.search.fitting(1 << 10)
	case t.doing != "":
		return t.doing
	case t.total > 0:
		return t.cellsLine(now)
	case len(t.transfers) > 0:
		return t.fetchLine(now)
	case t.status != "":
		return t.status + ", " + elapsed(now.Sub(t.began))
	}
	return ""
}

func (t *tally) fetchLine(now time.Time) string {
	var had, done, total int64
	for _, one := range t.transfers {
		had, done, total = had+one.had, done+one.done, total+one.total
	}
	line := fmt.Sprintf("fetching kernels: %s of %s", Bytes(done), Bytes(total))
	if took := now.Sub(t.fetching).Seconds(); took >= 1 && done > had && done < total {
		rate := float64(done-had) / took
		line += fmt.Sprintf(", %s/s, %s left", Bytes(int64(rate)), remaining(float64(total-done)/rate))
	}
	if done >= total {
		line = "unpacking kernels, " + elapsed(now.Sub(t.began))
	}
	return line
}

// fetchesLeft reports whether a kernel is still being fetched.
func (t *tally) fetchesLeft() bool {
	for _, one := range t.transfers {
		if one.done < one.total {
			return true
		}
	}
	return false
}

// cellsLine is the progress of the cells.
func (t *tally) cellsLine(now time.Time) string {
	line := t.cells() + t.counts() + t.pace(true) + t.waiting(now)
	if fetching := t.fetchLine(now); t.fetchesLeft() {
		line += "; " + fetching
	}
	return line
}

// fitting is the line in at most width columns: the least important parts are
// omitted first.
func (t *tally) fitting(now time.Time, width int) string {
	line := t.line(now)
	if t.search != nil {
		if t.doing == "" && !t.fetchesLeft() {
			return t.search.fitting(width)
		}
		// What is built or fetched, after the picture.
		short := t.search.picture() + fmt.Sprintf(" step %d of about %d; ", t.search.Step, t.search.Steps)
		return runewidth.Truncate(short+line, max(width, 0), "")
	}
	if t.doing == "" && t.total > 0 {
		for _, shorter := range []func() string{
			func() string { return t.cells() + t.counts() + t.pace(true) + t.waiting(now) },
			func() string { return t.cells() + t.counts() + t.pace(false) + t.waiting(now) },
			func() string { return t.cells() + t.pace(false) + t.waiting(now) },
			func() string { return t.cells() + t.waiting(now) },
			func() string { return t.cells() + t.counts() + t.pace(true) },
			func() string { return t.cells() + t.counts() + t.pace(false) },
			func() string { return t.cells() + t.pace(false) },
		} {
			if runewidth.StringWidth(line) <= width {
				break
			}
			line = shorter()
		}
	}
	return runewidth.Truncate(line, max(width, 0), "")
}

// cells is how many kernels and cells are done.
func (t *tally) cells() string {
	line := fmt.Sprintf("%d of %d cells", t.done, t.total)
	if t.kernels > 1 {
		line = fmt.Sprintf("%d of %d kernels, ", t.kernelsDone, t.kernels) + line
	}
	return line
}

// counts are the verdicts so far, and the retries.
func (t *tally) counts() string {
	var counts []string
	for _, v := range outcome.Verdicts {
		if n := t.verdicts[v]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, v))
		}
	}
	if t.retries > 0 {
		counts = append(counts, fmt.Sprintf("%d of %d retried", t.retried, t.retries))
	}
	if t.infra > 0 {
		counts = append(counts, fmt.Sprintf("%d infra again", t.infra))
	}
	if len(counts) == 0 {
		return ""
	}
	return ": " + strings.Join(counts, ", ")
}

// waiting is what the run does before its first cells, and for how long it has
// been running; empty while cells finish.
func (t *tally) waiting(now time.Time) string {
	text := t.phases.Text(now)
	if text == "" {
		return ""
	}
	return "; " + text + ", " + elapsed(now.Sub(t.began))
}

// pace is the rate and the remaining time.
func (t *tally) pace(rate bool) string {
	if t.estimate.Left <= 0 {
		return ""
	}
	left := remaining(t.estimate.Left.Seconds()) + " left"
	if rate && t.estimate.Rate > 0 {
		return fmt.Sprintf("; %.1f cells/s, %s", t.estimate.Rate, left)
	}
	return "; " + left
}

// elapsed is "12 s", or "1m40s" for longer times.
func elapsed(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return d.Round(time.Second).String()
}

// remaining formats an estimate without false precision.
func remaining(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d > time.Minute {
		return d.Round(10 * time.Second).String()
	}
	return max(d.Round(time.Second), time.Second).String()
}
