package format

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/findings"
)

// The document that --json writes. Its field names are a contract: fields may
// be added, but are never renamed or missing.
type (
	document struct {
		Run        documentRun          `json:"run"`
		Tally      results.Tally        `json:"tally"`
		Violations []findings.Violation `json:"violations"` // what every policy forbids
		Cells      []documentCell       `json:"cells"`
		Vectors    []findings.Vector    `json:"policy_vectors"`
	}
	documentRun struct {
		ID         string            `json:"id"`
		Started    string            `json:"started"`  // RFC 3339
		Finished   string            `json:"finished"` // empty if the run did not finish
		Policy     outcome.Policy    `json:"policy"`
		Accel      string            `json:"accel"`
		Seed       uint64            `json:"seed"`
		Command    []string          `json:"command"`
		Origin     results.Origin    `json:"origin"` // user, nightly, import, bisect, repro, compare, prove, bench
		Conditions map[string]string `json:"conditions"`
		Planned    int               `json:"planned"`
		Problem    string            `json:"problem"`
		PausedMS   int64             `json:"paused_ms"` // time between started and finished while the run was stopped
	}
	documentCell struct {
		Kernel string `json:"kernel"`
		results.Platform
		FS         string            `json:"fs"`
		Test       string            `json:"test"`
		Class      outcome.Class     `json:"class"` // the same under every policy
		Verdict    outcome.Verdict   `json:"verdict"`
		Outcome    outcome.Outcome   `json:"outcome"`
		Kind       outcome.Kind      `json:"kind"`
		Expected   results.Expected  `json:"standing"` // XFAIL or XPASS; empty: neither
		Why        string            `json:"why"`      // the expectation's reason
		Detail     string            `json:"detail"`
		DurationMS int64             `json:"duration_ms"`
		TimingMS   documentTiming    `json:"timing_ms"` // of the deciding attempt; by phase
		Attempts   int               `json:"attempts"`
		Infra      int               `json:"infra"`
		Flaky      string            `json:"flaky"`
		Covariates map[string]string `json:"covariates"`
	}
)

// documentTiming is a Timing in milliseconds, by the names of its phases.
type documentTiming results.Timing

// MarshalJSON writes the phases in order, with microsecond resolution.
func (t documentTiming) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, p := range results.Phases {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(b, p.Name), ':')
		b = strconv.AppendFloat(b, float64(p.In(results.Timing(t)).Microseconds())/1e3, 'f', -1, 64)
	}
	return append(b, '}'), nil
}

// WriteJSON writes the run as one JSON document, in the order of cells.
func WriteJSON(w io.Writer, d Document) error { return writeJSON(w, JSON(d)) }

// JSON is the document that WriteJSON writes, for those that encode it in
// another way, or want its type.
func JSON(d Document) any {
	r := d.Run
	doc := document{
		Run: documentRun{ID: r.ID, Started: rfc3339(r.Started), Finished: rfc3339(r.Finished), Policy: r.Policy,
			Accel: r.Accel, Seed: r.Seed, Command: append([]string{}, r.Command...), Origin: r.Origin, Conditions: orEmpty(r.Conditions),
			Planned: r.Planned, Problem: r.Problem, PausedMS: r.Paused.Milliseconds()},
		Tally:      results.Count(d.Cells),
		Violations: findings.Violations(r, d.Cells),
		Cells:      make([]documentCell, len(d.Cells)),
		Vectors:    append([]findings.Vector{}, findings.Vectors(d.Cells)...),
	}
	for i := range d.Cells {
		c := &d.Cells[i]
		doc.Cells[i] = documentCell{Kernel: c.Kernel, Platform: c.Release().Platform, FS: c.FS, Test: c.Test, Class: c.Class(), Verdict: c.Verdict, Outcome: c.Outcome,
			Kind: c.Kind, Expected: c.Expected, Why: c.Why, Detail: c.Detail, DurationMS: c.Duration.Milliseconds(),
			TimingMS: documentTiming(c.Timing), Attempts: c.Attempts, Infra: c.Infra, Flaky: c.Flaky, Covariates: orEmpty(c.Covariates)}
	}
	return doc
}

// writeJSON writes v indented.
func writeJSON(w io.Writer, v any) error {
	b := new(bytes.Buffer)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false) // "<" stays readable; the output is not embedded in HTML
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(sanitize.JSON(b.Bytes()))
	return err
}

// rfc3339 is t in UTC, empty for the zero time.
func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// orEmpty keeps null out of documents.
func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
