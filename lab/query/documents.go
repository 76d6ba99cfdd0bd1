package query

import (
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/expect"
	"github.com/splicelab/splicelab/results/history"
)

// The documents of verbs that show stored runs, for machines. Fields may be
// added, but are never renamed or missing.

// Rate is a failure rate with its 95 % confidence interval.
type Rate struct {
	Failed   int     `json:"failed"`
	Attempts int     `json:"attempts"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
}

func newRate(r history.Rate) Rate {
	low, high := r.Interval()
	return Rate{Failed: r.Failed, Attempts: r.Attempts, Low: low, High: high}
}

// CellHistory is the document of "results history".
type CellHistory struct {
	results.CellKey              // its kernel is a series if there are several kernels
	Results         []PastResult `json:"results"` // newest first
	Rate            Rate         `json:"rate"`
}

// PastResult is the result of a cell in one run.
type PastResult struct {
	Run     string    `json:"run"`
	Started time.Time `json:"started"`
	Kernel  string    `json:"kernel"`
	results.Platform
	Class    outcome.Class    `json:"class"`
	Verdict  outcome.Verdict  `json:"verdict"`
	Outcome  outcome.Outcome  `json:"outcome"`
	Expected results.Expected `json:"standing"`
	Why      string           `json:"why"`
	Detail   string           `json:"detail"`
	Failed   int              `json:"failed"`   // attempts
	Attempts int              `json:"attempts"` // those that count
}

// TimeUse is the document of "results timing": how a run's time was spent.
type TimeUse struct {
	Run      string         `json:"run"`
	Cells    int            `json:"cells"`
	TookMS   int64          `json:"took_ms"`
	Attempts int            `json:"attempts"` // with a known timing
	Infra    int            `json:"infra"`
	Unknown  int            `json:"unknown"`
	VMs      map[string]int `json:"vms"` // attempts by how they got their VM: restored, booted, shared
	Phases   []PhaseUse     `json:"phases"`
}

// PhaseUse is the time of one phase over all attempts.
type PhaseUse struct {
	Name     string `json:"name"`
	Doc      string `json:"doc"`
	Times    int    `json:"times"`
	MedianMS int64  `json:"median_ms"`
	P90MS    int64  `json:"p90_ms"`
	MaxMS    int64  `json:"max_ms"`
	SumMS    int64  `json:"sum_ms"`
}

// NewTimeUse is the document of the time of a run's cells.
func NewTimeUse(r results.Run, cells []results.Cell) TimeUse {
	u := results.UseOfTime(cells)
	d := TimeUse{Run: r.ID, Cells: len(cells), TookMS: r.Took().Milliseconds(), Attempts: u.Attempts, Infra: u.Infra, Unknown: u.Unknown,
		VMs: u.Came, Phases: []PhaseUse{}}
	for _, p := range u.Phases {
		d.Phases = append(d.Phases, PhaseUse{Name: p.Name, Doc: p.Doc, Times: p.N, MedianMS: p.Median.Milliseconds(), P90MS: p.P90.Milliseconds(),
			MaxMS: p.Max.Milliseconds(), SumMS: p.Sum.Milliseconds()})
	}
	return d
}

// RuleUse is an entry of the document of "results expectations": a rule and its
// effect on a run.
type RuleUse struct {
	Line        int             `json:"line"`
	Tests       []string        `json:"tests"`
	Filesystems []string        `json:"filesystems"` // empty: all
	Kernels     []string        `json:"kernels"`     // empty: all
	Arch        []string        `json:"arch"`        // empty: all
	Flavours    []string        `json:"flavours"`    // empty: all
	Verdict     outcome.Verdict `json:"verdict"`
	Outcome     outcome.Outcome `json:"outcome"`
	Reason      string          `json:"reason"`
	Owner       string          `json:"owner"`
	Link        string          `json:"link"`
	Until       string          `json:"until"`
	Matched     int             `json:"matched"` // cells that failed as expected
	Failed      int             `json:"failed"`  // in another way
	Passed      int             `json:"passed"`
	Problem     string          `json:"problem"` // why it is useless; empty: it is not
}

// NewRuleUses is the document of the effect of rules, and how many of them are
// useless.
func NewRuleUses(uses []expect.Use) (all []RuleUse, useless int) {
	all = []RuleUse{}
	for _, u := range uses {
		if u.Problem != "" {
			useless++
		}
		r := u.Rule
		all = append(all, RuleUse{Line: r.Line, Tests: append([]string{}, r.Test...), Filesystems: append([]string{}, r.Filesystem...),
			Kernels: append([]string{}, r.Kernels...), Arch: append([]string{}, r.Arch...), Flavours: append([]string{}, r.Flavour...), Verdict: r.Verdict, Outcome: r.Outcome, Reason: r.Reason, Owner: r.Owner, Link: r.Link,
			Until: r.Until, Matched: u.Expected, Failed: u.Failed, Passed: u.Passed, Problem: u.Problem})
	}
	return all, useless
}

// Baseline is the document of "results baseline".
type Baseline struct {
	Run string `json:"run"`
}
