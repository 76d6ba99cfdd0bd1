// Package progress shows the progress of a run, a download or a build on a
// terminal or in a log. It knows the events of a run, and must not know who runs
// it.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/outcome"
)

// plainInterval is the minimum time between two progress lines that cannot be
// redrawn, so that the log of a nightly run stays readable.
const plainInterval = 5 * time.Second

// Progress shows a run's progress: one status line that is redrawn on a terminal,
// or a line every few seconds elsewhere. It is a kernels.Progress, a lab.Observer,
// and an io.Writer for whole lines that scroll above the status line.
type Progress struct {
	mu    sync.Mutex
	tally tally
	out   io.Writer
	now   func() time.Time
	last  time.Time // when the last plain line was written

	mode     Mode
	objects  *objects // of JSON
	terminal bool
	screen   *mpb.Progress // nil until there is something to redraw
	bar      *mpb.Bar
	closed   bool
	ticking  bool
	done     chan struct{} // closed when the progress is
}

// New shows progress on w. It must be closed before anything else is written
// there.
func New(w io.Writer) *Progress {
	p := &Progress{out: w, now: time.Now, last: time.Now(), done: make(chan struct{})}
	var objectsTo io.Writer
	p.mode, objectsTo = modeOf(w)
	p.terminal = p.mode == Auto && IsTerminal(w)
	if p.mode == JSON {
		p.objects = &objects{out: objectsTo}
	}
	return p
}

// tick writes a plain line when it is due although nothing happened. The caller
// holds the lock.
func (p *Progress) tick() {
	if p.ticking || p.terminal || p.closed {
		return
	}
	p.ticking = true
	go func() {
		t := time.NewTicker(time.Second)
		defer t.Stop()
		for {
			select {
			case <-p.done:
				return
			case <-t.C:
				p.mu.Lock()
				p.plain(false)
				p.mu.Unlock()
			}
		}
	}()
}

// draw starts redrawing the line on a terminal, once there is one: a cached
// kernel needs no download, and an empty line would only flicker. The caller
// holds the lock.
func (p *Progress) draw() {
	p.tick()
	if !p.terminal || p.screen != nil || p.closed || p.tally.line(p.now()) == "" {
		return
	}
	p.screen = mpb.New(mpb.WithOutput(p.out), mpb.WithRefreshRate(200*time.Millisecond))
	line := decor.Any(func(s decor.Statistics) string {
		p.mu.Lock()
		defer p.mu.Unlock()
		// A line that is wider than the terminal would wrap, and only its second
		// half be redrawn.
		return p.tally.fitting(p.now(), s.AvailableWidth)
	})
	// A total of 0 is never reached: only Close ends the bar.
	p.bar = p.screen.New(0, mpb.NopStyle(), mpb.PrependDecorators(line))
}

// Close removes the status line. Closing twice is harmless.
func (p *Progress) Close() {
	screen, bar := p.end()
	if screen != nil {
		bar.Abort(true)
		screen.Wait()
	}
}

// end marks the progress closed and returns the bar to be removed.
func (p *Progress) end() (*mpb.Progress, *mpb.Bar) {
	p.mu.Lock()
	defer p.mu.Unlock()
	screen, bar := p.screen, p.bar
	if !p.closed {
		close(p.done)
		if p.objects != nil && p.tally.total > 0 {
			p.objects.write(p.tally.object("end", p.now()))
		}
	}
	p.closed, p.screen = true, nil
	return screen, bar
}

// Write prints whole lines above the status line.
func (p *Progress) Write(b []byte) (int, error) {
	p.mu.Lock()
	screen := p.screen
	p.mu.Unlock()
	if p.objects != nil {
		p.objects.notices(b, p.now())
		if s, ok := p.out.(*Stream); ok && s.objects == nil {
			return len(b), nil // one stream, and nothing but objects in it
		}
	}
	if screen != nil {
		return screen.Write(b)
	}
	return p.out.Write(b)
}

// Update implements kernels.Progress.
func (p *Progress) Update(name string, done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally.download(name, done, total, p.now())
	p.draw()
	p.plain(false)
}

// Doing shows the current step of work that has no cells to count; "" shows
// nothing.
func (p *Progress) Doing(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally.doing = sanitize.Line(text)
	p.draw()
	p.plain(false)
}

// Status shows what is done before there is anything to count, with the elapsed
// time; "" shows nothing.
func (p *Progress) Status(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally.begin(p.now())
	p.tally.status = sanitize.Line(text)
	p.draw()
	p.plain(false)
}

// Event implements lab.Observer.
func (p *Progress) Event(e sched.Event) {
	p.mu.Lock()
	p.tally.event(e, p.now())
	p.draw()
	p.plain(e.Kind == sched.Planned)
	p.mu.Unlock()
	if e.Kind == sched.Notice {
		_, _ = fmt.Fprintln(p, sanitize.Line(e.Text)) // the run does not depend on it
	}
	if p.terminal && noteworthy(e) {
		// On a terminal a crash is reported when it happens. In a log the list
		// at the end is enough.
		fmt.Fprintln(p, noteOf(e))
	}
}

// plain writes the line if it is due and cannot be redrawn.
func (p *Progress) plain(must bool) {
	now := p.now()
	switch {
	case p.closed:
	case p.objects != nil && must:
		p.objects.write(p.tally.object("plan", now))
	case p.objects != nil:
		p.objects.write(p.tally.object("progress", now))
	}
	if p.terminal || p.closed || p.mode == JSON || p.mode == None || !must && now.Sub(p.last) < plainInterval {
		return
	}
	if line := p.tally.line(now); line != "" {
		p.last = now
		// Progress that cannot be shown is no reason to stop a run.
		_, _ = fmt.Fprintln(p.out, line)
	}
}

func noteworthy(e sched.Event) bool {
	if e.Kind != sched.Finished && e.Kind != sched.Retry {
		return false
	}
	switch e.Attempt.Verdict {
	case outcome.Crash, outcome.Hang, outcome.BootFail, outcome.Infra:
		return true
	}
	return false
}

func noteOf(e sched.Event) string {
	again := ""
	if e.Kind == sched.Retry {
		again = " (will be tried again)"
	}
	return fmt.Sprintf("%s: %s %s %s: %s%s", e.Attempt.Verdict, sanitize.Line(e.Cell.Kernel), sanitize.Line(e.Cell.FS),
		sanitize.Line(e.Cell.Test), sanitize.Line(e.Attempt.Detail), again)
}
