package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

func (a *app) resultsListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the stored runs, newest first",
		Example: "  splicelab results list",
		Args:    arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, err := a.session().OpenResults()
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }() // only read from
			runs, err := store.Runs(cmd.Context())
			if err != nil {
				return err
			}
			marks, err := store.Marks(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return a.writeRunsJSON(runs, marks)
			}
			return a.writeRuns(runs, marks)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON array to standard output")
	return cmd
}

// problemWidth is how many columns of a problem the list has room for; show
// tells all of it.
const problemWidth = 60

func (a *app) writeRuns(runs []results.RunSummary, marks map[string][]string) error {
	w := text.NewTable(a.stdout)
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

// counts writes how many cells came to which verdict, in the order of reports.
func counts(n map[outcome.Verdict]int) string {
	var words []string
	for _, v := range outcome.Verdicts {
		if n[v] > 0 {
			words = append(words, fmt.Sprintf("%d %s", n[v], v))
		}
	}
	return strings.Join(words, ", ")
}

// runJSON is a run in "results list --json", with the names that the
// document of a run uses.
type runJSON struct {
	ID       string                  `json:"id"`
	Started  string                  `json:"started"`
	Finished string                  `json:"finished"` // empty: not finished
	Running  bool                    `json:"running"`  // a process is at it
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

func (a *app) writeRunsJSON(runs []results.RunSummary, marks map[string][]string) error {
	list := make([]runJSON, 0, len(runs))
	for _, r := range runs {
		one := runJSON{
			ID: r.ID, Started: r.Started.Format(time.RFC3339), Running: r.Running, Policy: string(r.Policy), Accel: r.Accel, Seed: r.Seed,
			Command: append([]string{}, r.Command...), Planned: r.Planned, Cells: r.Cells, Verdicts: r.Verdicts, Problem: r.Problem,
			Marks: append([]string{}, marks[r.ID]...),
		}
		if !r.Finished.IsZero() {
			one.Finished = r.Finished.Format(time.RFC3339)
		}
		list = append(list, one)
	}
	return a.writeJSON(list)
}
