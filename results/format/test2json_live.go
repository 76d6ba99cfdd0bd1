package format

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/format/doc"
)

// LiveTest2JSON writes what WriteTest2JSON writes while the run goes on: the
// events of a cell once it has its result, those that end a test once all its
// cells have, and those that end a package once all its tests have. Packages are
// interleaved, as those of go test are. Each line is complete, so that a reader
// can follow, and an interrupted run leaves events that can be read. It is not
// safe for concurrent use.
type LiveTest2JSON struct {
	run      results.Run
	attempts func(results.CellKey) ([]results.Attempt, error)
	out      *bufio.Writer
	encoder  *json.Encoder
	room     int // for texts
	packages map[results.Column]*livePackage
	order    []*livePackage
}

// livePackage is a kernel and filesystem.
type livePackage struct {
	test2json
	pending int // cells
	begun   bool
	over    bool
	tests   map[string]*liveTest
	order   []*liveTest
	ends    endings
	elapsed time.Duration
	ended   time.Time
}

// liveTest is a top-level test.
type liveTest struct {
	name    string
	own     bool // it is a cell itself, whose events precede those of its subtests
	pending int
	begun   bool
	over    bool
	held    []results.Cell // subtests that wait for the test's own cell
	last    results.Cell
	ends    endings
	elapsed time.Duration
}

// NewLiveTest2JSON returns a writer of a run with these cells. attempts returns
// those of a cell, as Document.Attempts does.
func NewLiveTest2JSON(w io.Writer, run results.Run, planned []results.CellKey, attempts func(results.CellKey) ([]results.Attempt, error)) *LiveTest2JSON {
	l := &LiveTest2JSON{run: run, attempts: attempts, out: bufio.NewWriter(w), room: doc.MaxTexts, packages: map[results.Column]*livePackage{}}
	l.encoder = json.NewEncoder(l.out)
	l.encoder.SetEscapeHTML(false)
	for _, k := range planned {
		p, t, sub := l.of(k)
		p.pending++
		t.pending++
		t.own = t.own || !sub
	}
	return l
}

// of returns the package and the top-level test of a cell, and whether the cell
// is one of its subtests.
func (l *LiveTest2JSON) of(k results.CellKey) (p *livePackage, t *liveTest, sub bool) {
	col := results.Column{Kernel: k.Kernel, FS: k.FS}
	if p = l.packages[col]; p == nil {
		p = &livePackage{tests: map[string]*liveTest{}}
		p.e, p.pkg = l.encoder, sanitize.Line(k.Kernel)+"/"+sanitize.Line(k.FS)
		l.packages[col], l.order = p, append(l.order, p)
	}
	name, _, sub := strings.Cut(testName(&results.Cell{Attempt: results.Attempt{CellKey: k}}), "/")
	if t = p.tests[name]; t == nil {
		t = &liveTest{name: name}
		p.tests[name], p.order = t, append(p.order, t)
	}
	return p, t, sub
}

// Cell writes the events of a cell that has its result. Each cell may be given
// once.
func (l *LiveTest2JSON) Cell(c results.Cell) error {
	p, t, sub := l.of(c.CellKey)
	if !p.begun {
		p.begun, p.ended = true, l.run.Started
		p.emit(test2jsonEvent{Time: clock(l.run.Started), Action: "start"})
	}
	var err error
	if p.printed, err = l.texts(c); err != nil {
		return err
	}
	p.pending--
	t.pending--
	p.elapsed += c.Duration
	if c.Finished.After(p.ended) {
		p.ended = c.Finished
	}
	switch {
	case sub && t.own && !t.begun:
		t.held = append(t.held, c)
	case sub:
		p.sub(t, c)
	default:
		p.ownCell(t, c)
		if err := l.release(p, t); err != nil {
			return err
		}
	}
	if t.pending <= 0 {
		if err := l.endTest(p, t); err != nil {
			return err
		}
	}
	if p.pending <= 0 {
		p.finish()
	}
	return l.flush(p)
}

// texts are the texts of one cell, as long as there is room for them.
func (l *LiveTest2JSON) texts(c results.Cell) (doc.Texts, error) {
	d := Document{Run: l.run, Cells: []results.Cell{c}, Attempts: l.attempts}
	t, err := d.ReadTexts(l.room, doc.Everything)
	l.room -= t.Size()
	return t, err
}

// Close ends what was begun. The run may have been interrupted.
func (l *LiveTest2JSON) Close() error {
	for _, p := range l.order {
		if !p.begun || p.over {
			continue
		}
		for _, t := range p.order {
			if err := l.endTest(p, t); err != nil {
				return err
			}
		}
		p.finish()
		if err := l.flush(p); err != nil {
			return err
		}
	}
	return nil
}

func (l *LiveTest2JSON) flush(p *livePackage) error {
	if p.err != nil {
		return p.err
	}
	return l.out.Flush()
}

// release writes the subtests that waited.
func (l *LiveTest2JSON) release(p *livePackage, t *liveTest) error {
	held := t.held
	t.held = nil
	for _, c := range held {
		var err error
		if p.printed, err = l.texts(c); err != nil {
			return err
		}
		p.sub(t, c)
	}
	return nil
}

// endTest ends a top-level test of which anything was written or waits.
func (l *LiveTest2JSON) endTest(p *livePackage, t *liveTest) error {
	if err := l.release(p, t); err != nil || !t.begun || t.over {
		return err
	}
	t.over = true
	p.end(&t.last, t.name, t.ends.together(), t.elapsed)
	p.ends.add(t.ends.together())
	return nil
}

// ownCell begins a top-level test with its own cell.
func (p *livePackage) ownCell(t *liveTest, c results.Cell) {
	t.begun, t.last = true, c
	t.elapsed += c.Duration
	p.begin(&c, t.name)
	t.ends.add(p.cell(&c, t.name))
}

// sub writes a subtest, and begins its parent if it is the first.
func (p *livePackage) sub(t *liveTest, c results.Cell) {
	if !t.begun {
		t.begun = true
		p.begin(&c, t.name)
	}
	name := testName(&c)
	p.begin(&c, name)
	action := p.cell(&c, name)
	p.end(&c, name, action, c.Duration)
	t.ends.add(action)
	t.elapsed += c.Duration
	if !t.own {
		t.last = c
	}
}

// finish ends a package.
func (p *livePackage) finish() {
	p.over = true
	result := p.ends.together()
	p.emit(test2jsonEvent{Time: clock(p.ended), Action: "output", Output: strings.ToUpper(result) + "\n"})
	p.emit(test2jsonEvent{Time: clock(p.ended), Action: result, Elapsed: seconds(p.elapsed)})
}
