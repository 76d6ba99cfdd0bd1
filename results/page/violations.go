package page

import (
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/findings"
)

// Violations are what every policy forbids, in a run: they do not depend on its
// policy. The most important ones come first.
type Violations struct {
	Kernels    []string    `json:"kernels"`  // of the run, oldest first
	Labels     []string    `json:"labels"`   // of the kernels, as in Cells
	Packages   []string    `json:"packages"` // of the kernels, as in Cells
	Violations []Violation `json:"violations"`
	LeftOut    int         `json:"left_out"` // tests whose violations are not listed: the run is too large
}

// Violation is what every policy forbids, seen in one or more cells of a test.
type Violation struct {
	Test        string          `json:"test"`  // suite.TestName, without subtests
	Title       string          `json:"title"` // the outcome, a crash's title, or what the test reported
	Verdict     outcome.Verdict `json:"verdict"`
	Outcome     outcome.Outcome `json:"outcome"` // empty: none was recorded
	Meaning     string          `json:"meaning"` // of the outcome, one sentence
	Cells       int             `json:"cells"`
	Expected    int             `json:"expected"` // cells that fail as expected (XFAIL)
	Kernels     []string        `json:"kernels"`  // that have it, oldest first
	Filesystems []string        `json:"filesystems"`
	Since       string          `json:"since"`  // the oldest kernel that has it
	Before      string          `json:"before"` // the newest older one that ran a same cell without it; empty: none
	// Flavours has Since and Before for each flavour of kernels that has it; those
	// above are of the first.
	Flavours []findings.Beginning `json:"flavours"`
	Command  string               `json:"command"`
	Example  CellName             `json:"example"` // the cell that Command reproduces
	// States has an entry per entry of Violations.Kernels: "violation"; "holds",
	// the same cells ran without it; "other", they have another violation;
	// "", no verdict.
	States []findings.State `json:"states"`
}

// CellName names a cell of a run.
type CellName struct {
	Kernel string `json:"kernel"`
	FS     string `json:"fs"`
	Test   string `json:"test"`
}

// NewViolations is the document of the violations in the cells of run r.
func NewViolations(r results.Run, cells []results.Cell) Violations {
	kernels, _, _ := results.Axes(cells)
	all := findings.Violations(r, cells)
	lines := findings.Timelines(cells, all, kernels)
	doc := Violations{Kernels: clean(kernels), Violations: make([]Violation, len(all))}
	doc.Labels, doc.Packages = labels(kernels, results.NewLabels(results.Releases(cells)))
	for i, v := range all {
		doc.Violations[i] = Violation{
			Test: sanitize.Line(v.Test), Title: sanitize.Line(v.Title), Verdict: v.Verdict, Outcome: cleanName(v.Outcome), Meaning: v.Outcome.Meaning(),
			Cells: v.Cells, Expected: v.Expected, Kernels: clean(v.Kernels), Filesystems: clean(v.Filesystems),
			Since: sanitize.Line(v.Since), Before: sanitize.Line(v.Before), Flavours: beginnings(v.Flavours), Command: v.Command,
			Example: CellName{sanitize.Line(v.Example.Kernel), sanitize.Line(v.Example.FS), sanitize.Line(v.Example.Test)},
			States:  lines[i],
		}
	}
	return doc
}

func beginnings(all []findings.Beginning) []findings.Beginning {
	safe := make([]findings.Beginning, len(all))
	for i, b := range all {
		safe[i] = findings.Beginning{Flavour: sanitize.Line(b.Flavour), Since: sanitize.Line(b.Since), Before: sanitize.Line(b.Before)}
	}
	return safe
}
