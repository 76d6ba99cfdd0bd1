package format

import (
	"bufio"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// test2jsonEvent is one line of what go tool test2json prints.
type test2jsonEvent struct {
	Time    *time.Time `json:",omitempty"`
	Action  string
	Package string
	Test    string   `json:",omitempty"`
	Elapsed *float64 `json:",omitempty"` // seconds; of an end
	Output  string   `json:",omitempty"`
	Key     string   `json:",omitempty"` // of an attr
	Value   string   `json:",omitempty"`
}

// WriteTest2JSON writes the run as the events that go tool test2json makes of
// a test's output, a package for each kernel × filesystem. There are only
// three ways to end: infra is a fail that says so, and what is expected to fail
// is a skip. The verdict itself is an attribute, and so is all else that the
// events have no word for.
func WriteTest2JSON(w io.Writer, d Document) error {
	printed, err := d.readTexts(maxTexts, everything)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	for _, g := range results.Groups(d.Cells) {
		s := test2json{e: e, pkg: sanitize.Line(g.Kernel) + "/" + sanitize.Line(g.FS), printed: printed}
		s.group(d.Run, g)
		if s.err != nil {
			return s.err
		}
	}
	return b.Flush()
}

// test2json writes the events of one package, up to the first error.
type test2json struct {
	e       *json.Encoder
	pkg     string
	printed texts
	err     error
}

func (s *test2json) emit(ev test2jsonEvent) {
	if s.err == nil {
		ev.Package = s.pkg
		s.err = s.e.Encode(ev)
	}
}

func (s *test2json) group(r results.Run, g results.Group) {
	start, end := r.Started, r.Started
	s.emit(test2jsonEvent{Time: clock(start), Action: "start"})
	var elapsed time.Duration
	var ends endings
	for _, root := range rootsOf(g.Cells) {
		ends.add(s.test(root))
	}
	for _, c := range g.Cells {
		elapsed += c.Duration
		if c.Finished.After(end) {
			end = c.Finished
		}
	}
	result := ends.together()
	s.emit(test2jsonEvent{Time: clock(end), Action: "output", Output: strings.ToUpper(result) + "\n"})
	s.emit(test2jsonEvent{Time: clock(end), Action: result, Elapsed: seconds(elapsed)})
}

// root is a top-level test with its subtests. Readers want the events of a
// subtest between those of its test, also where that is no cell itself.
type root struct {
	name string
	own  *results.Cell // nil: only its subtests are cells
	subs []*results.Cell
}

func rootsOf(cells []*results.Cell) []*root {
	var roots []*root
	at := map[string]*root{}
	for _, c := range cells {
		name, _, isSub := strings.Cut(testName(c), "/")
		t := at[name]
		if t == nil {
			t = &root{name: name}
			at[name], roots = t, append(roots, t)
		}
		if isSub || t.own != nil {
			t.subs = append(t.subs, c)
		} else {
			t.own = c
		}
	}
	return roots
}

// testName is the cell's test as go test would call it.
func testName(c *results.Cell) string {
	return strings.ReplaceAll(sanitize.Line(c.Test), " ", "_")
}

// endings are the actions by which tests ended.
type endings struct{ pass, fail bool }

func (e *endings) add(action string) {
	e.pass, e.fail = e.pass || action == "pass", e.fail || action == "fail"
}

// together is how what they are parts of ended.
func (e *endings) together() string {
	switch {
	case e.fail:
		return "fail"
	case e.pass:
		return "pass"
	}
	return "skip"
}

// test writes the events of a top-level test, and returns its last action.
func (s *test2json) test(t *root) string {
	var ends endings
	if t.own != nil {
		s.begin(t.own, t.name)
		ends.add(s.told(t.own, t.name))
	} else {
		s.begin(t.subs[0], t.name)
	}
	var elapsed time.Duration
	for _, c := range t.subs {
		s.begin(c, testName(c))
		action := s.told(c, testName(c))
		s.end(c, testName(c), action, c.Duration)
		ends.add(action)
		elapsed += c.Duration
	}
	last := t.own
	if last == nil {
		last = t.subs[len(t.subs)-1]
	} else {
		elapsed += last.Duration
	}
	s.end(last, t.name, ends.together(), elapsed)
	return ends.together()
}

func (s *test2json) begin(c *results.Cell, name string) {
	var begin time.Time
	if !c.Finished.IsZero() {
		begin = c.Finished.Add(-c.Duration)
	}
	s.emit(test2jsonEvent{Time: clock(begin), Action: "run", Test: name})
	s.emit(test2jsonEvent{Time: clock(begin), Action: "output", Test: name, Output: "=== RUN   " + name + "\n"})
}

func (s *test2json) end(c *results.Cell, name, action string, elapsed time.Duration) {
	s.emit(test2jsonEvent{Time: clock(c.Finished), Action: "output", Test: name, Output: "--- " + strings.ToUpper(action) + ": " + name + "\n"})
	s.emit(test2jsonEvent{Time: clock(c.Finished), Action: action, Test: name, Elapsed: seconds(elapsed)})
}

// told writes what is known of a cell, and returns how its test ends.
func (s *test2json) told(c *results.Cell, name string) string {
	say := func(text string) {
		s.emit(test2jsonEvent{Time: clock(c.Finished), Action: "output", Test: name, Output: text})
	}
	attributes := map[string]string{"verdict": string(c.Verdict), "outcome": string(c.Outcome), "kind": string(c.Kind),
		"standing": string(c.Expected), "flaky": c.Flaky}
	for k, v := range c.Covariates {
		attributes["covariate."+k] = v
	}
	for _, k := range slices.Sorted(maps.Keys(attributes)) {
		if v := sanitize.Line(attributes[k]); v != "" {
			s.emit(test2jsonEvent{Time: clock(c.Finished), Action: "attr", Test: name, Key: sanitize.Line(k), Value: v})
		}
	}
	output, console := s.printed.of(c.CellKey, c.N)
	for _, text := range []string{output, console} {
		for line := range strings.Lines(text) {
			// Indented, a line of a guest cannot pass for one of go test's own.
			say("    " + strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	if s.printed.leftOut[c.CellKey] {
		say("    [there was no room for all that was printed]\n")
	}
	action := test2jsonEnd(c)
	switch {
	case action == "pass" && c.Expected == results.XPass:
		say("    " + unexpectedPass + ": " + sanitize.Line(c.Why) + "\n")
	case action != "pass":
		say("    " + string(c.Verdict) + ": " + reason(c) + "\n")
	}
	return action
}

func test2jsonEnd(c *results.Cell) string {
	switch {
	case c.Verdict == outcome.Skip, c.Expected == results.XFail:
		return "skip"
	case c.Verdict == outcome.Pass:
		return "pass"
	}
	return "fail"
}

// clock leaves out a time that is not known.
func clock(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func seconds(d time.Duration) *float64 {
	s := d.Seconds()
	return &s
}
