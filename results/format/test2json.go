package format

import (
	"bufio"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"splicelab/outcome"
	"splicelab/results"
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
		s := test2json{e: e, pkg: results.CleanLine(g.Kernel) + "/" + results.CleanLine(g.FS), printed: printed}
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
	result, elapsed, ran := "pass", time.Duration(0), false
	s.emit(test2jsonEvent{Time: clock(start), Action: "start"})
	for _, c := range g.Cells {
		action := s.cell(c)
		if action == "fail" {
			result = "fail"
		}
		ran = ran || action != "skip"
		elapsed += c.Duration
		if c.Finished.After(end) {
			end = c.Finished
		}
	}
	if result == "pass" && !ran {
		result = "skip"
	}
	s.emit(test2jsonEvent{Time: clock(end), Action: "output", Output: strings.ToUpper(result) + "\n"})
	s.emit(test2jsonEvent{Time: clock(end), Action: result, Elapsed: seconds(elapsed)})
}

// cell writes the events of a cell, and returns the last one's action.
func (s *test2json) cell(c *results.Cell) string {
	name := strings.ReplaceAll(results.CleanLine(c.Test), " ", "_") // as go test does
	var begin time.Time
	if !c.Finished.IsZero() {
		begin = c.Finished.Add(-c.Duration)
	}
	s.emit(test2jsonEvent{Time: clock(begin), Action: "run", Test: name})
	say := func(text string) {
		s.emit(test2jsonEvent{Time: clock(c.Finished), Action: "output", Test: name, Output: text})
	}
	say("=== RUN   " + name + "\n")
	attributes := map[string]string{"verdict": string(c.Verdict), "outcome": string(c.Outcome), "kind": string(c.Kind),
		"standing": string(c.Standing), "flaky": c.Flaky}
	for k, v := range c.Covariates {
		attributes["covariate."+k] = v
	}
	for _, k := range slices.Sorted(maps.Keys(attributes)) {
		if v := results.CleanLine(attributes[k]); v != "" {
			s.emit(test2jsonEvent{Time: clock(c.Finished), Action: "attr", Test: name, Key: results.CleanLine(k), Value: v})
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
	case action == "pass" && c.Standing == results.UnexpectedPass:
		say("    " + unexpectedPass + ": " + results.CleanLine(c.Why) + "\n")
	case action != "pass":
		say("    " + string(c.Verdict) + ": " + reason(c) + "\n")
	}
	say("--- " + strings.ToUpper(action) + ": " + name + "\n")
	s.emit(test2jsonEvent{Time: clock(c.Finished), Action: action, Test: name, Elapsed: seconds(c.Duration)})
	return action
}

func test2jsonEnd(c *results.Cell) string {
	switch {
	case c.Verdict == outcome.Skip, c.Standing == results.ExpectedFail:
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
