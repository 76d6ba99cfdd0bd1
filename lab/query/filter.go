package query

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Filter selects cells of a run. Empty fields select all.
type Filter struct {
	Kernel     string // the beginning of a release; with @FLAVOUR only of that flavour
	Filesystem string
	Tests      string // a regular expression
	Verdict    string // verdicts, comma-separated
}

// Empty reports whether the filter selects all cells.
func (f Filter) Empty() bool { return f == Filter{} }

// Compile checks the filter and returns the predicate that selects a cell.
func (f Filter) Compile() (func(results.Cell) bool, error) {
	re, err := regexp.Compile(f.Tests)
	if err != nil {
		return nil, input.Errorf("-t %q is not a regular expression: %s", f.Tests, err)
	}
	verdicts, err := ParseVerdicts(f.Verdict)
	if err != nil {
		return nil, err
	}
	kernel, flavour := results.CutFlavour(f.Kernel)
	return func(c results.Cell) bool {
		return strings.HasPrefix(c.Kernel, kernel) && (flavour == "" || c.Release().In(flavour)) &&
			(f.Filesystem == "" || c.FS == f.Filesystem) &&
			re.MatchString(c.Test) &&
			(len(verdicts) == 0 || slices.Contains(verdicts, c.Verdict))
	}, nil
}

// ParseVerdicts reads comma-separated verdicts; none for an empty text.
func ParseVerdicts(text string) ([]outcome.Verdict, error) {
	var list []outcome.Verdict
	for word := range strings.SplitSeq(text, ",") {
		v := outcome.Verdict(strings.TrimSpace(word))
		switch {
		case text == "":
		case !slices.Contains(outcome.Verdicts, v):
			return nil, input.Errorf("unknown verdict %q: use some of %s", v, strings.Trim(fmt.Sprint(outcome.Verdicts), "[]"))
		default:
			list = append(list, v)
		}
	}
	return list, nil
}

// ParseOnly reads comma-separated verdicts and classes. What is both is a verdict.
func ParseOnly(text string) (classes []outcome.Class, verdicts []outcome.Verdict, err error) {
	var rest []string
	for word := range strings.SplitSeq(text, ",") {
		if c := outcome.Class(strings.TrimSpace(word)); !slices.Contains(outcome.Verdicts, outcome.Verdict(c)) && slices.Contains(outcome.Classes, c) {
			classes = append(classes, c)
		} else {
			rest = append(rest, word)
		}
	}
	if len(rest) == 0 {
		return classes, nil, nil
	}
	verdicts, err = ParseVerdicts(strings.Join(rest, ","))
	return classes, verdicts, err
}
