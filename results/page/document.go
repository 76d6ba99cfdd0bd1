// Package page is the web page of runs: the documents that it reads, the page
// itself, and the self-contained report file. The same page reads the same
// documents embedded in the report file, or from a server (package
// results/web).
package page

import (
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
)

// Run is a run with the tally of its cells. This and the documents below are
// described in docs/api.md: fields may be added, but are never renamed or
// missing.
type Run struct {
	ID         string            `json:"id"`
	Started    string            `json:"started"`  // RFC 3339
	Finished   string            `json:"finished"` // empty: not finished
	Running    bool              `json:"running"`  // not finished, and a process is executing it
	Policy     outcome.Policy    `json:"policy"`
	Accel      string            `json:"accel"`
	Seed       string            `json:"seed"` // decimal: JavaScript numbers lack the precision
	Command    []string          `json:"command"`
	Origin     results.Origin    `json:"origin"`  // what began it: user, nightly, import, bisect, repro, compare, prove or bench
	Pending    bool              `json:"pending"` // planned cells have not run: it is running or was interrupted
	Conditions map[string]string `json:"conditions"`
	Planned    int               `json:"planned"`
	Problem    string            `json:"problem"`
	PausedMS   int64             `json:"paused_ms"` // time between started and finished while the run was stopped
	Marks      []string          `json:"marks"`
	Tally      results.Tally     `json:"tally"`
	Paged      bool              `json:"paged"` // too large to be read at once: its cells are read by tests

	// Rate, Left and Doing are those of Event, in the document of one run that a
	// process is executing.
	Rate  float64 `json:"rate"`
	Left  float64 `json:"left"`
	Doing string  `json:"doing"`
}

// Cells are the cells of a run by column, so that 100,000 of them are a few
// arrays: entry i of each column is cell i. Names are indexes into the lists
// before the columns, which are in the order of reports.
type Cells struct {
	Kernels     []string           `json:"kernels"`
	Filesystems []string           `json:"filesystems"`
	Tests       []string           `json:"tests"`
	Verdicts    []string           `json:"verdicts"`  // all there are
	Outcomes    []string           `json:"outcomes"`  // all there are, "" first
	Letters     []string           `json:"letters"`   // of the outcomes
	Details     []string           `json:"details"`   // distinct, "" first
	Reasons     []string           `json:"reasons"`   // of expectations, "" first
	Families    []string           `json:"families"`  // of tests, "" first: of no known family
	Versions    []string           `json:"versions"`  // upstream, of the kernels; "": unknown
	Labels      []string           `json:"labels"`    // of the kernels, distinct: the upstream version if it is known
	Packages    []string           `json:"packages"`  // of the kernels, what their labels leave out; "": nothing
	Platforms   []results.Platform `json:"platforms"` // of the kernels
	Classes     []string           `json:"classes"`   // all there are
	Meanings    []string           `json:"meanings"`  // of the outcomes, a sentence each

	Kernel     []int `json:"kernel"`
	Filesystem []int `json:"filesystem"`
	Test       []int `json:"test"`
	Verdict    []int `json:"verdict"`
	Outcome    []int `json:"outcome"`
	Detail     []int `json:"detail"`
	Attempts   []int `json:"attempts"`
	Duration   []int `json:"duration"` // ms
	Class      []int `json:"class"`    // of the attempt that decides

	Family   []int `json:"family"`   // one per entry of Tests, not per cell
	Controls []int `json:"controls"` // entries of Tests whose outcome is known by construction

	// Sparse fields, by the cell's index.
	Flaky    map[int]string           `json:"flaky"`
	Expected map[int]results.Expected `json:"standing"`
	Why      map[int]int              `json:"why"` // into Reasons

	// The columns that a run in progress is going to fill: entry i of both is one
	// of them. Empty for a finished run.
	PlannedKernel     []int `json:"planned_kernel"`
	PlannedFilesystem []int `json:"planned_filesystem"`

	// Policies is what a reader needs to judge the cells by another policy: a
	// cell whose class is deviates passes or fails as the policy accepts its
	// outcome, others keep their verdict. Cells with several attempts are
	// listed, because under another policy another attempt may decide.
	Policies []PolicyRule `json:"policies"`
}

// PolicyRule is how a policy judges the cells of a run.
type PolicyRule struct {
	Name    outcome.Policy `json:"name"`
	Accepts []bool         `json:"accepts"` // one per entry of Cells.Outcomes
	Judged  map[int]Judged `json:"judged"`  // cells with several attempts, by index
	// Expected and Why are those of Cells under this policy.
	Expected map[int]results.Expected `json:"standing"`
	Why      map[int]int              `json:"why"`
}

// Judged is a cell's result under a policy. The numbers are indexes into the
// lists of Cells.
type Judged struct {
	Verdict int    `json:"verdict"`
	Outcome int    `json:"outcome"`
	Detail  int    `json:"detail"`
	Class   int    `json:"class"`
	Flaky   string `json:"flaky"`
}

// Cell is everything about one cell.
type Cell struct {
	Kernel string `json:"kernel"`
	results.Platform
	FS       string           `json:"fs"`
	Test     string           `json:"test"`
	Verdict  outcome.Verdict  `json:"verdict"`
	Outcome  outcome.Outcome  `json:"outcome"`
	Class    outcome.Class    `json:"class"`   // of the attempt that decides
	Meaning  string           `json:"meaning"` // of the outcome, one sentence
	Kind     outcome.Kind     `json:"kind"`    // of the result: a characterisation's illegal outcome is an invariant's
	About    About            `json:"about"`   // the test
	Flaky    string           `json:"flaky"`
	Expected results.Expected `json:"standing"`
	Why      string           `json:"why"`
	Command  string           `json:"command"` // reproduces the cell
	Repro    []string         `json:"repro"`   // commands: write its report file, reproduce it, bundle it; none without a report file
	Report   string           `json:"report"`  // its report file
	Attempts []Attempt        `json:"attempts"`
	History  []Past           `json:"history"`  // newest first
	LeftOut  string           `json:"left_out"` // why texts are missing; empty: none are missing
}

// Attempt is one execution of a cell.
type Attempt struct {
	N          int               `json:"n"`
	Verdict    outcome.Verdict   `json:"verdict"`
	Outcome    outcome.Outcome   `json:"outcome"`
	Class      outcome.Class     `json:"class"`
	Detail     string            `json:"detail"`
	Finished   string            `json:"finished"` // RFC 3339
	DurationMS int64             `json:"duration_ms"`
	Timing     []Phase           `json:"timing"`
	Covariates map[string]string `json:"covariates"`
	Output     string            `json:"output"`
	Console    string            `json:"console"`
	// CrashLines are the lines of Console, from 0, that report a crash.
	CrashLines []int `json:"crash_lines"`
	// Wrong are the first wrong bytes that the test reported, with the expected
	// ones.
	Wrong []Bytes `json:"wrong"`
	// Layout is where in the spliced bytes what was observed.
	Layout Layout `json:"layout"`
}

// Phase is one phase of an attempt and its duration.
type Phase struct {
	Name string  `json:"name"`
	MS   float64 `json:"ms"`
}

// Bytes are wrong bytes and the bytes expected in their place.
type Bytes struct {
	Offset int64  `json:"offset"`
	Title  string `json:"title"` // what is wrong with them
	Got    string `json:"got"`   // hexadecimal
	Want   string `json:"want"`  // hexadecimal; empty: unknown
}

// Past is a cell's result in one run.
type Past struct {
	Run     string          `json:"run"`
	Started string          `json:"started"`
	Kernel  string          `json:"kernel"`
	Verdict outcome.Verdict `json:"verdict"`
	Outcome outcome.Outcome `json:"outcome"`
	Class   outcome.Class   `json:"class"`
	Flaky   string          `json:"flaky"`
}

// Change is a cell whose result differs between two runs. Fields of a run that
// lacks the cell are empty.
type Change struct {
	Kernel        string          `json:"kernel"`
	FS            string          `json:"fs"`
	Test          string          `json:"test"`
	Before        outcome.Verdict `json:"before"`
	After         outcome.Verdict `json:"after"`
	BeforeOutcome outcome.Outcome `json:"before_outcome"`
	AfterOutcome  outcome.Outcome `json:"after_outcome"`
	BeforeClass   outcome.Class   `json:"before_class"`
	AfterClass    outcome.Class   `json:"after_class"`
	Detail        string          `json:"detail"` // of the later result
	// BeforeKernel is the kernel of the earlier result. It differs from Kernel
	// if kernels are compared, or if a kernel has replaced an older one.
	BeforeKernel string `json:"before_kernel"`
	// Expected and Why classify the later result by the user's expectations.
	Expected results.Expected `json:"standing"`
	Why      string           `json:"why"`
	// Now is the failure rate of the later result's attempts, Past that of the
	// history up to the earlier run; both have no attempts if rates are
	// irrelevant.
	Now  Rate `json:"now"`
	Past Rate `json:"past"`
}

// Rate is a failure rate: the failed attempts among all attempts, and the 95 %
// confidence interval of the probability, from 0 to 1.
type Rate struct {
	Failed   int     `json:"failed"`
	Attempts int     `json:"attempts"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
}

// Diff is what changed between two runs, or between kernels of runs.
type Diff struct {
	Before Run `json:"before"`
	After  Run `json:"after"`
	// The compared kernels; empty if whole runs are compared.
	BeforeKernel string `json:"before_kernel"`
	AfterKernel  string `json:"after_kernel"`
	// The runs that have the newest results of these kernels; empty if they are
	// those of before and after.
	BeforeRuns []string `json:"before_runs"`
	AfterRuns  []string `json:"after_runs"`
	// Cells that the runs have not run yet. If there are some, only cells that
	// both runs have are listed.
	BeforePending int              `json:"before_pending"`
	AfterPending  int              `json:"after_pending"`
	Conditions    []Condition      `json:"conditions"`
	Lists         []DifferenceList `json:"lists"` // without empty ones
	Same          int              `json:"same"`
}

// DifferenceList is one kind of change.
type DifferenceList struct {
	Name    string   `json:"name"`  // e.g. new-failures
	Title   string   `json:"title"` // e.g. new failures
	Changes []Change `json:"changes"`
}

// Condition is a condition of the lab that differs between two runs.
type Condition struct {
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Map is the history of outcomes over kernels, oldest first.
type Map struct {
	Kernels []MapKernel `json:"kernels"`
	Rows    []MapRow    `json:"rows"`
	Total   int         `json:"total"` // rows, of which Rows can be some
	// Flavours is whether the names of kernels leave out what they must not: they
	// are of several flavours, or of one that is not the default one.
	Flavours bool `json:"flavours"`
}

// MapKernel is a column of a map.
type MapKernel struct {
	Release string `json:"release"`
	Series  string `json:"series"`
	Flavour string `json:"flavour"` // or the architecture; empty: unknown
	Label   string `json:"label"`   // as in Cells
	Package string `json:"package"` // as in Cells
	// Head is what follows the series in the label, without the flavour, in parts
	// between which a line may break: ".262", or ".9" and "+deb13".
	Head []string `json:"head"`
}

// MapRow is one test on one filesystem or, in a folded map, several subtests of a
// test and filesystems that are alike on every kernel: the cells are those of the
// first.
type MapRow struct {
	Test        string    `json:"test"`
	FS          string    `json:"fs"`
	Tests       []string  `json:"tests"`       // Test and those that are like it
	Filesystems []string  `json:"filesystems"` // FS and those that are like it
	Cells       []MapCell `json:"cells"`       // one per kernel; empty without a verdict
}

// MapCell is a kernel's newest result, and the run it is from.
type MapCell struct {
	Verdict outcome.Verdict `json:"verdict"`
	Outcome outcome.Outcome `json:"outcome"`
	Class   outcome.Class   `json:"class"` // empty without a verdict
	Run     string          `json:"run"`
}

// Event is a step of a run in progress, as a server sends it.
type Event struct {
	// Kind is cell (a cell has its first verdict), retry (another attempt of a
	// cell), run (Tally changed), end (the last event), or reset (events are
	// missing: the client has to read the run's cells again).
	Kind  string         `json:"kind"`
	Cell  *EventCell     `json:"cell"` // cell and retry
	Tally *results.Tally `json:"tally"`
	// Planned and Done count cells. Rate is in cells per second, Left in seconds;
	// 0 means unknown.
	Planned int     `json:"planned"`
	Done    int     `json:"done"`
	Running bool    `json:"running"` // a process is executing the run
	Rate    float64 `json:"rate"`
	Left    float64 `json:"left"`
	// Doing is what the run's cells wait for, such as a template that is made;
	// empty while cells finish.
	Doing string `json:"doing"`
}

// EventCell is a cell's result.
type EventCell struct {
	Kernel  string          `json:"kernel"`
	FS      string          `json:"fs"`
	Test    string          `json:"test"`
	Verdict outcome.Verdict `json:"verdict"`
	Outcome outcome.Outcome `json:"outcome"`
	Class   outcome.Class   `json:"class"`
	Detail  string          `json:"detail"`
	// Attempts counts all attempts, so that a client knows which of two events
	// is later.
	Attempts   int              `json:"attempts"`
	Flaky      string           `json:"flaky"`
	Expected   results.Expected `json:"standing"`
	DurationMS int64            `json:"duration_ms"`
}

// rfc3339 is t in UTC, empty for the zero time.
func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// NewRun is the document of a run.
func NewRun(r results.RunSummary, marks []string) Run {
	return Run{
		ID: r.ID, Started: rfc3339(r.Started), Finished: rfc3339(r.Finished), Running: r.Running, Policy: r.Policy, Accel: r.Accel,
		Seed: seed(r.Seed), Command: append([]string{}, r.Command...), Origin: r.Origin, Pending: r.Pending, Conditions: orEmpty(r.Conditions),
		Planned: r.Planned, Problem: r.Problem, PausedMS: r.Paused.Milliseconds(), Marks: clean(marks), Tally: r.Tally,
	}
}

// NewPast is a cell's result in run r.
func NewPast(r results.Run, c results.Cell) Past {
	return Past{Run: r.ID, Started: rfc3339(r.Started), Kernel: c.Kernel, Verdict: c.Verdict, Outcome: c.Outcome, Class: c.Class(), Flaky: c.Flaky}
}

// NewHistory is the document of a history, judged by policy p unless that is
// empty.
func NewHistory(all []history.Past, p outcome.Policy) []Past {
	docs := make([]Past, len(all))
	for i, past := range all {
		c := past.Cell
		if p != "" {
			c = results.Show([]results.Cell{c}, p)[0]
		}
		docs[i] = NewPast(past.Run, c)
	}
	return docs
}
