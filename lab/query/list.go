// Package query reads stored runs, and presents or prunes them: lists, cells,
// histories, comparisons and findings. It must not know flags.
package query

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// problemWidth is how many columns of a problem the list shows; WriteRun shows
// all of it.
const problemWidth = 60

// WriteRuns lists runs as a table, in the given order. marks are by run id.
func WriteRuns(out io.Writer, runs []results.RunSummary, marks map[string][]string) error {
	w := text.NewTable(out)
	fmt.Fprintln(w, "RUN\tSTARTED\tTOOK\tPOLICY\tACCEL\tCELLS\tVERDICTS\tMARKS\tPROBLEM")
	for _, r := range runs {
		took := r.Took().Round(time.Second).String()
		switch {
		case r.Running:
			took = "running"
		case r.Finished.IsZero():
			took = "unfinished"
		}
		cells := fmt.Sprint(r.Cells)
		if r.Planned != r.Cells {
			cells += fmt.Sprintf(" of %d", r.Planned)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Started.Local().Format("2006-01-02 15:04"), took,
			sanitize.Line(string(r.Policy)), sanitize.Line(r.Accel), cells, counts(r.Verdicts),
			sanitize.Line(strings.Join(marks[r.ID], ", ")), runewidth.Truncate(sanitize.Line(r.Problem), problemWidth, "…"))
	}
	return w.Flush()
}

// counts lists the verdicts and their numbers, in the order of reports.
func counts(n map[outcome.Verdict]int) string {
	var words []string
	for _, v := range outcome.Verdicts {
		if n[v] > 0 {
			words = append(words, fmt.Sprintf("%d %s", n[v], v))
		}
	}
	return strings.Join(words, ", ")
}

// RunDocument is an entry of the document of "results list", with the names that
// the document of a run uses. Fields may be added, but are never renamed or
// missing.
type RunDocument struct {
	ID       string                  `json:"id"`
	Started  string                  `json:"started"`
	Finished string                  `json:"finished"` // empty: not finished
	Running  bool                    `json:"running"`  // a process holds the run's lock
	Policy   string                  `json:"policy"`
	Accel    string                  `json:"accel"`
	Seed     uint64                  `json:"seed"`
	Command  []string                `json:"command"`
	Planned  int                     `json:"planned"`
	Cells    int                     `json:"cells"`
	Verdicts map[outcome.Verdict]int `json:"verdicts"`
	Problem  string                  `json:"problem"`
	Marks    []string                `json:"marks"`
}

// RunDocuments is the document of "results list". marks are by run id.
func RunDocuments(runs []results.RunSummary, marks map[string][]string) []RunDocument {
	list := make([]RunDocument, 0, len(runs))
	for _, r := range runs {
		one := RunDocument{
			ID: r.ID, Started: r.Started.Format(time.RFC3339), Running: r.Running, Policy: string(r.Policy), Accel: r.Accel, Seed: r.Seed,
			Command: append([]string{}, r.Command...), Planned: r.Planned, Cells: r.Cells, Verdicts: r.Verdicts, Problem: r.Problem,
			Marks: append([]string{}, marks[r.ID]...),
		}
		if !r.Finished.IsZero() {
			one.Finished = r.Finished.Format(time.RFC3339)
		}
		list = append(list, one)
	}
	return list
}
