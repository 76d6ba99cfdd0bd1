package query

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
	"github.com/splicelab/splicelab/results/terminal"
)

// pauses reports for how long a run was paused.
func pauses(r results.Run) string {
	if r.Paused == 0 {
		return ""
	}
	return ", resumed after pauses of " + r.Paused.Round(time.Second).String()
}

// WriteRun writes a run's circumstances, and the cells that did not pass.
func WriteRun(out io.Writer, s session.Stored, o terminal.Options) error {
	var fields [][2]string
	line := func(name, value string) { fields = append(fields, [2]string{name, value}) }
	line("run", s.ID)
	line("started", s.Started.Local().Format(time.RFC3339))
	switch {
	case s.Finished.IsZero():
		line("finished", "no: it was interrupted, or is still running")
	case s.Pending:
		line("finished", "no: it was interrupted at "+s.Finished.Local().Format(time.RFC3339)+pauses(s.Run))
	default:
		line("finished", s.Finished.Local().Format(time.RFC3339)+", after "+s.Took().Round(time.Second).String()+pauses(s.Run))
	}
	line("origin", string(s.Origin))
	line("filesystems", strings.Join(s.Selected.Filesystems, ", "))
	if s.Selected.Tests != "" {
		line("tests", s.Selected.Tests)
	}
	line("policy", string(s.Policy))
	line("accelerator", s.Accel)
	line("seed", fmt.Sprint(s.Seed))
	line("command", strings.Join(s.Command, " "))
	tally := results.Count(s.Cells)
	line("cells", fmt.Sprintf("%d of %d planned: %s", len(s.Cells), s.Planned, counts(tally.Verdicts)))
	line("classes", classes(tally))
	if s.Problem != "" {
		line("problem", s.Problem)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Conditions)) {
		line(name, s.Conditions[name])
	}
	if err := terminal.WriteFields(out, fields, o); err != nil {
		return err
	}
	return terminal.WriteFailures(out, s.Cells, o)
}

// WriteCells writes the selected cells with their attempts.
func WriteCells(ctx context.Context, out io.Writer, store *store.Store, s session.Stored, pick func(results.Cell) bool, o terminal.Options) error {
	shown := 0
	for _, c := range s.Cells {
		if !pick(c) {
			continue
		}
		attempts, err := store.Attempts(ctx, s.ID, c.CellKey)
		if err != nil {
			return err
		}
		if shown > 0 {
			fmt.Fprintln(out)
		}
		shown++
		if err := showCell(out, c, attempts, o); err != nil {
			return err
		}
	}
	if shown == 0 {
		return input.Errorf("no cell of run %s matches these filters: splicelab results matrix %s lists its cells", s.ID, s.ID)
	}
	return nil
}

func showCell(out io.Writer, c results.Cell, attempts []results.Attempt, o terminal.Options) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", sanitize.Line(c.CellKey.String()), terminal.Result(&c.Attempt, o.Color))
	if words := c.Release().Words(); words != "" {
		fmt.Fprintf(&b, "  architecture: %s\n", sanitize.Line(words))
	}
	if c.Why != "" || c.Expected != "" {
		fmt.Fprintf(&b, "  %s: %s\n", strings.ReplaceAll(cmp.Or(string(c.Expected), "expectation"), "-", " "), sanitize.Line(c.Why))
	}
	if c.Flaky != "" {
		fmt.Fprintf(&b, "  flaky: %s attempts failed\n", c.Flaky)
	}
	for _, at := range attempts {
		fmt.Fprintf(&b, "  attempt %d: %s in %s\n", at.N, terminal.Result(&at, o.Color), at.Duration.Round(time.Millisecond))
		if at.Detail != "" {
			fmt.Fprintf(&b, "    detail: %s\n", sanitize.Line(at.Detail))
		}
		for _, name := range slices.Sorted(maps.Keys(at.Covariates)) {
			fmt.Fprintf(&b, "    %s: %s\n", sanitize.Line(name), sanitize.Line(at.Covariates[name]))
		}
		block(&b, "output", at.Output)
		block(&b, "kernel log", at.Console)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// block writes guest text, safe and indented.
func block(b *strings.Builder, title, text string) {
	text = strings.TrimRight(sanitize.Text(text), "\n")
	if text == "" {
		return
	}
	fmt.Fprintf(b, "    %s:\n", title)
	for line := range strings.Lines(text) {
		fmt.Fprintf(b, "      | %s\n", strings.TrimSuffix(line, "\n"))
	}
}
