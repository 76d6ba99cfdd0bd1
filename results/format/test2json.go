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
	"github.com/splicelab/splicelab/results/format/doc"
)

// test2jsonEvent is one line of the output of go tool test2json.
type test2jsonEvent struct {
	Time    *time.Time `json:",omitempty"`
	Action  string
	Package string
	Test    string   `json:",omitempty"`
	Elapsed *float64 `json:",omitempty"` // seconds; of a final event
	Output  string   `json:",omitempty"`
	Key     string   `json:",omitempty"` // of an attr
	Value   string   `json:",omitempty"`
}

// WriteTest2JSON writes the run as events of go tool test2json, with a package
// for each kernel × filesystem. A test can only pass, fail or be skipped: infra
// is a fail with an explanation in its output, and an expected failure is a
// skip. The verdict itself is an attribute, like everything else that events
// cannot express.
func WriteTest2JSON(w io.Writer, d Document) error {
	printed, err := d.ReadTexts(doc.MaxTexts, doc.Everything)
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
	printed doc.Texts
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

// root is a top-level test with its subtests. Readers expect a subtest's events
// between those of its parent, even if the parent is not a cell.
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

// testName returns the test's name as go test prints it.
func testName(c *results.Cell) string {
	return strings.ReplaceAll(sanitize.Line(c.Test), " ", "_")
}

// endings records the final actions of tests.
type endings struct{ pass, fail bool }

func (e *endings) add(action string) {
	e.pass, e.fail = e.pass || action == "pass", e.fail || action == "fail"
}

// together returns the final action of their parent.
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
		ends.add(s.cell(t.own, t.name))
	} else {
		s.begin(t.subs[0], t.name)
	}
	var elapsed time.Duration
	for _, c := range t.subs {
		s.begin(c, testName(c))
		action := s.cell(c, testName(c))
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

// cell writes the output and attributes of a cell, and returns its final
// action.
func (s *test2json) cell(c *results.Cell, name string) string {
	say := func(text string) {
		s.emit(test2jsonEvent{Time: clock(c.Finished), Action: "output", Test: name, Output: text})
	}
	attributes := map[string]string{"verdict": string(c.Verdict), "class": string(c.Class()), "outcome": string(c.Outcome), "kind": string(c.Kind),
		"standing": string(c.Expected), "flaky": c.Flaky}
	for k, v := range c.Covariates {
		attributes["covariate."+k] = v
	}
	for _, k := range slices.Sorted(maps.Keys(attributes)) {
		if v := sanitize.Line(attributes[k]); v != "" {
			s.emit(test2jsonEvent{Time: clock(c.Finished), Action: "attr", Test: name, Key: sanitize.Line(k), Value: v})
		}
	}
	output, console := s.printed.Of(c.CellKey, c.N)
	for _, text := range []string{output, console} {
		for line := range strings.Lines(text) {
			// Indentation keeps a guest's line from looking like one
			// of go test.
			say("    " + strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	if s.printed.LeftOut(c.CellKey) {
		say("    [output omitted: the report's size limit is reached]\n")
	}
	action := test2jsonEnd(c)
	switch {
	case action == "pass" && c.Expected == results.XPass:
		say("    " + doc.UnexpectedPass + ": " + sanitize.Line(c.Why) + "\n")
	case action != "pass":
		say("    " + string(c.Verdict) + ": " + doc.Reason(c) + "\n")
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

// clock omits an unknown time.
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
