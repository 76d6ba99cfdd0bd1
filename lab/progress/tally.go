package progress

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/outcome"
)

// tally summarises the events of a run.
type tally struct {
	doing     string // shown before everything else
	transfers map[string]transfer
	fetching  time.Time // when the first byte came
	done      int
	total     int
	infra     int // infra attempts that are retried
	retried   int // retries of failed cells that are done
	retries   int // retries of failed cells that are done or due
	verdicts  map[outcome.Verdict]int

	kernels, kernelsDone int

	share float64 // how much of the run is done, by expected time
	path  path
}

// point is a run's progress at a time.
type point struct {
	at    time.Time
	share float64
	done  int // attempts
}

// path samples the progress of a run over time. A run starts slowly, because
// templates are built first: the remaining time is estimated from the later half
// of the elapsed time.
type path struct {
	points []point
	every  time.Duration // between two points; doubled when there are many
}

// mostPoints bounds a path.
const mostPoints = 512

func (w *path) add(p point) {
	if n := len(w.points); n > 0 && p.at.Sub(w.points[n-1].at) < w.every {
		return
	}
	if w.points = append(w.points, p); len(w.points) < mostPoints {
		return
	}
	kept := w.points[:0]
	for i, p := range w.points {
		if i%2 == 0 {
			kept = append(kept, p)
		}
	}
	w.points, w.every = kept, max(2*w.every, time.Second)
}

// since is the point from which the pace at a time is taken: the one nearest to
// half of the time that passed.
func (w *path) since(now time.Time) point {
	if len(w.points) == 0 {
		return point{at: now}
	}
	half := w.points[0].at.Add(now.Sub(w.points[0].at) / 2)
	return slices.MinFunc(w.points, func(a, b point) int { return cmp.Compare(a.at.Sub(half).Abs(), b.at.Sub(half).Abs()) })
}

// transfer is one download. had is what an earlier attempt had already
// downloaded, which does not count towards the rate.
type transfer struct{ had, done, total int64 }

func (t *tally) download(name string, done, total int64, now time.Time) {
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
	if t.verdicts == nil {
		t.verdicts = map[outcome.Verdict]int{}
	}
	switch e.Kind {
	case sched.Planned:
		t.path.add(point{now, e.Share, e.Done + e.Retried}) // what it had before is no speed
	case sched.Finished:
		if !e.Again { // a cell counts once
			t.verdicts[e.Attempt.Verdict]++
		}
	case sched.Retry:
		t.infra++
	}
	// Events of several goroutines may come in another order than they happened.
	if e.Done+e.Retried >= t.done+t.retried {
		t.share = e.Share
	}
	t.done, t.total = max(t.done, e.Done), max(t.total, e.Total)
	t.retried, t.retries = max(t.retried, e.Retried), max(t.retries, e.Retries)
	t.kernels, t.kernelsDone = max(t.kernels, e.Kernels), max(t.kernelsDone, e.KernelsDone)
	t.path.add(point{now, t.share, t.done + t.retried})
}

// line is the whole tally in one line; empty when there is nothing to report.
func (t *tally) line(now time.Time) string {
	switch {
	case t.doing != "":
		return t.doing
	case t.total > 0:
		return t.cellsLine(now)
	case len(t.transfers) > 0:
		return t.fetchLine(now)
	}
	return ""
}

func (t *tally) fetchLine(now time.Time) string {
	var had, done, total int64
	for _, one := range t.transfers {
		had, done, total = had+one.had, done+one.done, total+one.total
	}
	line := fmt.Sprintf("fetching kernels: %s of %s", Bytes(done), Bytes(total))
	if elapsed := now.Sub(t.fetching).Seconds(); elapsed >= 1 && done > had {
		rate := float64(done-had) / elapsed
		line += fmt.Sprintf(", %s/s, %s left", Bytes(int64(rate)), remaining(float64(total-done)/rate))
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
	line := t.cells() + t.counts() + t.pace(now, true)
	if fetching := t.fetchLine(now); t.fetchesLeft() {
		line += "; " + fetching
	}
	return line
}

// fitting is the line in at most width columns: the least important parts are
// omitted first.
func (t *tally) fitting(now time.Time, width int) string {
	line := t.line(now)
	if t.doing == "" && t.total > 0 {
		for _, shorter := range []func() string{
			func() string { return t.cells() + t.counts() + t.pace(now, true) },
			func() string { return t.cells() + t.counts() + t.pace(now, false) },
			func() string { return t.cells() + t.pace(now, false) },
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

// pace is the recent rate and the remaining time. The rate counts attempts; the
// remaining time is weighted by what each cell took before, because cells
// differ a hundredfold.
func (t *tally) pace(now time.Time, rate bool) string {
	from := t.path.since(now)
	elapsed, gained := now.Sub(from.at).Seconds(), t.share-from.share
	if elapsed < 1 || gained <= 0 || t.share >= 1 {
		return ""
	}
	left := remaining(elapsed*(1-t.share)/gained) + " left"
	if done := t.done + t.retried - from.done; rate && done > 0 {
		return fmt.Sprintf("; %.1f cells/s, %s", float64(done)/elapsed, left)
	}
	return "; " + left
}

// remaining formats an estimate without false precision.
func remaining(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d > time.Minute {
		return d.Round(10 * time.Second).String()
	}
	return d.Round(time.Second).String()
}
