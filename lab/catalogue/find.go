// Package catalogue lists and describes the tests of the suites, together with
// what the stored runs observed. It knows neither flags nor verbs.
package catalogue

import (
	"fmt"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/internal/spell"
	"github.com/splicelab/splicelab/lab/plan"
)

// Test is a test and its newest stored results.
type Test struct {
	Suite string `json:"suite"`
	protocol.Test
	Seen []Observation `json:"seen"`
}

// Observation is the newest result of one cell.
type Observation struct {
	Kernel  string    `json:"kernel"`
	FS      string    `json:"fs"`
	Test    string    `json:"test"`
	Verdict string    `json:"verdict"`
	Outcome string    `json:"outcome"`
	Run     string    `json:"run"`
	At      time.Time `json:"at"`
}

// FullName is the name by which a run selects the test.
func (s Test) FullName() string { return s.Suite + "." + s.Name }

// Find returns the tests that name selects: one by its name, or all of a number.
func Find(suites []protocol.Suite, name string) ([]Test, error) {
	var all, byName, byID []Test
	var known []string
	top, _, _ := strings.Cut(name, "/")
	for _, s := range suites {
		for _, t := range s.Tests {
			one := Test{Suite: s.Name, Test: t}
			all = append(all, one)
			known = append(known, one.FullName(), t.Name)
			switch {
			case top == one.FullName():
				return []Test{one}, nil
			case top == t.Name, "Test"+top == t.Name:
				byName = append(byName, one)
			case t.ID != "" && strings.EqualFold(name, t.ID):
				byID = append(byID, one)
			}
		}
	}
	switch {
	case len(byName) == 1:
		return byName, nil
	case len(byName) > 1:
		var full []string
		for _, t := range byName {
			full = append(full, t.FullName())
		}
		return nil, input.Errorf("%s is in several suites: name one of %s", name, strings.Join(full, ", "))
	case len(byID) > 0:
		return byID, nil
	}
	if near := spell.Nearest(top, known); near != "" {
		return nil, input.Errorf("no test %q: did you mean %s?", name, near)
	}
	return nil, &NotFoundError{Name: name, Near: plan.Near(name, fullNames(all))}
}

func fullNames(tests []Test) []string {
	var names []string
	for _, t := range tests {
		names = append(names, t.FullName())
	}
	return names
}

// NotFoundError reports that no test has a name or number.
type NotFoundError struct {
	Name string
	Near []string // similar names
}

func (e *NotFoundError) Error() string {
	if len(e.Near) == 0 {
		return fmt.Sprintf("no test %q", e.Name)
	}
	return fmt.Sprintf("no test %q; near it: %s", e.Name, strings.Join(e.Near, ", "))
}

// BadInput marks an error that the user has to correct.
func (*NotFoundError) BadInput() {}
