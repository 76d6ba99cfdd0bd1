package query

import (
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/results"
)

// RunFilter selects runs of a list. Empty fields select all.
type RunFilter struct {
	Since      time.Time
	Kernel     string // a release or upstream version, or a prefix that ends where a number ends; @FLAVOUR selects a flavour
	Filesystem string
	Tests      string // part of the tests in words
	Text       string // part of the id, command, selection, marks or problem
	Steps      bool   // also runs that are steps of other commands
}

// match does not consider Steps.
func (f RunFilter) match(r results.RunSummary, marks []string) bool {
	name, flavour := results.CutFlavour(f.Kernel)
	isKernel := func(k results.Kernel) bool { return (k.Is(name) || name == "") && k.In(flavour) }
	return !r.Started.Before(f.Since) &&
		(f.Kernel == "" || slices.ContainsFunc(r.Kernels, isKernel)) &&
		(f.Filesystem == "" || slices.Contains(r.Selected.Filesystems, f.Filesystem)) &&
		contains(r.Selected.Tests, f.Tests) &&
		contains(strings.Join(slices.Concat([]string{r.ID, string(r.Origin), selectionWords(r.Run), r.Problem}, r.Command, marks), "\n"), f.Text)
}

func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// ParseSince reads a date, 2026-11-28, or an age such as 7d or 36h, and returns
// the time.
func ParseSince(text string, now time.Time) (time.Time, error) {
	if t, err := time.ParseInLocation("2006-01-02", text, time.Local); err == nil {
		return t, nil
	}
	age, err := ParseAge(text)
	if err != nil {
		return time.Time{}, input.Errorf("%q is neither a date such as 2026-11-28 nor an age such as 7d or 36h", text)
	}
	return now.Add(-age), nil
}
