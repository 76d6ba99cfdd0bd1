package changes

import (
	"regexp"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/findings"
)

// Limits of the document: receivers reject long ones.
const (
	listed     = 100  // entries of a list; Counts has how many there are
	textLength = 3000 // bytes of Text
)

// Document is the Summary as JSON: see docs/nightly.md. Fields may be added,
// but are never renamed or missing.
type Document struct {
	Text     string         `json:"text"` // what chat services show
	Subject  string         `json:"subject"`
	Status   Status         `json:"status"`
	Host     string         `json:"host"`
	Started  string         `json:"started"`  // RFC 3339
	Finished string         `json:"finished"` // RFC 3339
	Run      RunName        `json:"run"`
	Baseline RunName        `json:"baseline"`
	Counts   map[string]int `json:"counts"` // of everything below, by name

	Violations       []findings.Violation `json:"violations"` // of the run, new or not
	NewFailures      []Change             `json:"new_failures"`
	UnexpectedPasses []Change             `json:"unexpected_passes"`
	Changed          []Change             `json:"changed"`
	Flaky            []Change             `json:"flaky"`
	Fixed            []Change             `json:"fixed"`
	Skips            []Change             `json:"skips"`
	NewCells         []Change             `json:"new_cells"`
	VanishedCells    []Change             `json:"vanished_cells"`
	Unknown          []Change             `json:"unknown"`
	MissingKernels   []Missing            `json:"missing_kernels"`
	NewKernels       []string             `json:"new_kernels"`
	ReplacedKernels  []Replacement        `json:"replaced_kernels"`
	GoneKernels      []Part               `json:"gone_kernels"`
	NotRun           []Part               `json:"not_run"`
	Conditions       []Condition          `json:"conditions"`
	Problems         []string             `json:"problems"`
	Unfinished       string               `json:"unfinished"` // why the previous run did not finish
	Notes            []string             `json:"notes"`
	Reports          []string             `json:"reports"`
}

// Status corresponds to the exit code.
type Status string

const (
	StatusSame      Status = "same"      // nothing got worse
	StatusRegressed Status = "regressed" // something fails that did not fail before
	StatusLab       Status = "lab"       // the lab failed: results are missing
)

// RunName identifies a run and counts its cells; the id is empty if there is none.
type RunName struct {
	ID       string                  `json:"id"`
	Started  string                  `json:"started"` // RFC 3339
	Policy   outcome.Policy          `json:"policy"`
	Cells    int                     `json:"cells"`
	Verdicts map[outcome.Verdict]int `json:"verdicts"`
}

// Change is a cell that differs.
type Change struct {
	Kernel       string `json:"kernel"`
	KernelBefore string `json:"kernel_before"` // the kernel it is compared with
	FS           string `json:"fs"`
	Test         string `json:"test"`
	Before       Result `json:"before"`
	After        Result `json:"after"`
	Command      string `json:"command"` // that reproduces it; empty if the cell is gone
}

// Result is the result of a cell; all fields are empty if there is no such
// cell.
type Result struct {
	Verdict  outcome.Verdict  `json:"verdict"`
	Outcome  outcome.Outcome  `json:"outcome"`
	Flaky    string           `json:"flaky"`
	Detail   string           `json:"detail"`
	Expected results.Expected `json:"standing"`
	Why      string           `json:"why"`
}

// Condition is something that differs between the runs.
type Condition struct {
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Status is the summary in one word. A lab failure takes precedence over a
// regression: incomplete results do not show that the rest is unchanged.
func (n Summary) Status() Status {
	switch {
	case !n.Whole():
		return StatusLab
	case n.Regressed():
		return StatusRegressed
	}
	return StatusSame
}

// Document returns the Summary as a document. reports are the files with the
// details.
func (n Summary) Document(reports []string) Document {
	d := Document{
		Text: forChat(n.Text(reports)), Subject: n.Subject(), Status: n.Status(), Host: sanitize.Line(n.Host),
		Started: n.Started.Format(time.RFC3339), Finished: n.Finished.Format(time.RFC3339),
		Run: runName(n.Run, n.Cells), Baseline: runName(n.Before, n.BeforeCells),
		Violations: orEmpty(n.Violations), Problems: orEmpty(n.Problems), Unfinished: n.Unfinished, Notes: orEmpty(n.Notes), Reports: orEmpty(reports),
		MissingKernels: orEmpty(n.Missing), NewKernels: orEmpty(n.NewKernels), ReplacedKernels: orEmpty(n.Replaced),
		GoneKernels: orEmpty(n.GoneKernels), NotRun: orEmpty(n.NotRun), Conditions: []Condition{},
		Counts: map[string]int{
			"missing_kernels": len(n.Missing), "new_kernels": len(n.NewKernels), "replaced_kernels": len(n.Replaced),
			"gone_kernels": len(n.GoneKernels), "not_run": cells(n.NotRun), "infra": n.Infra, "problems": len(n.Problems), "violations": len(n.Violations),
			"unchanged": n.Same,
		},
	}
	for _, c := range n.Conditions {
		d.Conditions = append(d.Conditions, Condition(c))
	}
	for name, list := range map[string]struct {
		changes []compare.Change
		to      *[]Change
	}{
		"new_failures": {n.Worse, &d.NewFailures}, "unexpected_passes": {n.Unexpected, &d.UnexpectedPasses},
		"changed": {n.Changed, &d.Changed}, "flaky": {n.Flaky, &d.Flaky}, "fixed": {n.Fixes, &d.Fixed}, "skips": {n.Skips, &d.Skips},
		"new_cells": {n.New, &d.NewCells}, "vanished_cells": {n.Gone, &d.VanishedCells}, "unknown": {n.Unknown, &d.Unknown},
	} {
		d.Counts[name] = len(list.changes)
		*list.to = []Change{}
		for _, c := range list.changes[:min(listed, len(list.changes))] {
			*list.to = append(*list.to, n.document(c))
		}
	}
	return d
}

// forChat escapes text for chat services: else a test's output could mention
// everybody in a channel.
func forChat(text string) string {
	if len(text) > textLength {
		text = strings.ToValidUTF8(text[:textLength], "") + "…\n"
	}
	text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	return mentions.ReplaceAllString(text, "@ $1")
}

var mentions = regexp.MustCompile(`(?i)@(channel|all|here|everyone)`)

func runName(r results.Run, all []results.Cell) RunName {
	name := RunName{ID: r.ID, Policy: r.Policy, Cells: len(all), Verdicts: results.Count(all).Verdicts}
	if !r.Started.IsZero() {
		name.Started = r.Started.Format(time.RFC3339)
	}
	return name
}

func (n Summary) document(c compare.Change) Change {
	out := Change{Kernel: c.Kernel, KernelBefore: c.Kernel, FS: c.FS, Test: c.Test, Before: result(c.Before), After: result(c.After)}
	for _, r := range n.Replaced {
		if r.Kernel == c.Kernel {
			out.KernelBefore = r.Before
		}
	}
	if c.Before == nil {
		out.KernelBefore = ""
	}
	if c.After != nil {
		out.Command = results.RepeatCommand(n.Run, c.CellKey)
	}
	return out
}

func result(c *results.Cell) Result {
	if c == nil {
		return Result{}
	}
	return Result{Verdict: c.Verdict, Outcome: c.Outcome, Flaky: c.Flaky, Detail: short(c.Detail), Expected: c.Expected, Why: short(c.Why)}
}

// orEmpty returns a bounded list that JSON encodes as [] rather than null.
func orEmpty[T any](list []T) []T {
	return append([]T{}, list[:min(listed, len(list))]...)
}
