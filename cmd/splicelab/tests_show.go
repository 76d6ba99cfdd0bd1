package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/internal/spell"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/lab/plan"
)

func (a *app) testsShowCommand() *cobra.Command {
	var asJSON bool
	var from []string
	cmd := &cobra.Command{
		Use:   "show TEST",
		Short: "Show what a test does, how it judges, and what kernels did",
		Long: `show tells all of a test: its steps, its oracle, what it needs, the fault by
which it is proved that it can fail, its cells, and what kernels were seen to do
when it was written. Below that is what the results stored here say: the newest
outcome on each kernel and filesystem.

A test is named in full (splice.TestPunchHole), by its Go function, or by its
number in the catalogue; a number that several tests share shows all of them.`,
		Example: `  splicelab tests show B8
  splicelab tests show splice.TestControl
  splicelab tests show TestControl --json`,
		Args: arguments(1, 1, "a test: suite.TestName, TestName, or a number of the catalogue"),
		RunE: func(cmd *cobra.Command, args []string) error {
			suites, _, release, err := a.session().Suites(cmd.Context(), from)
			if err != nil {
				return err
			}
			release() // nothing is run
			tests, err := findTests(suites, args[0])
			if err != nil {
				return err
			}
			for i := range tests {
				if tests[i].Seen, err = a.seen(cmd.Context(), tests[i].fullName()); err != nil {
					return err
				}
			}
			if asJSON {
				return a.writeJSON(tests)
			}
			var b bytes.Buffer
			for i, t := range tests {
				if i > 0 {
					b.WriteString("\n\n")
				}
				t.write(&b)
			}
			_, err = a.stdout.Write(b.Bytes())
			return err
		},
	}
	fromFlag(cmd.Flags(), &from)
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON array to standard output")
	return cmd
}

// shown is a test with what the store says of it.
type shown struct {
	Suite string `json:"suite"`
	protocol.Test
	Seen []seenCell `json:"seen"`
}

// seenCell is the newest result of one cell.
type seenCell struct {
	Kernel  string    `json:"kernel"`
	FS      string    `json:"fs"`
	Test    string    `json:"test"`
	Verdict string    `json:"verdict"`
	Outcome string    `json:"outcome"`
	Run     string    `json:"run"`
	At      time.Time `json:"at"`
}

func (s shown) fullName() string { return s.Suite + "." + s.Name }

// findTests returns the tests that name stands for: one by its name, or all
// of a number.
func findTests(suites []protocol.Suite, name string) ([]shown, error) {
	var all, byName, byID []shown
	var known []string
	top, _, _ := strings.Cut(name, "/")
	for _, s := range suites {
		for _, t := range s.Tests {
			one := shown{Suite: s.Name, Test: t}
			all = append(all, one)
			known = append(known, one.fullName(), t.Name)
			switch {
			case top == one.fullName():
				return []shown{one}, nil
			case top == t.Name, "Test"+top == t.Name:
				byName = append(byName, one)
			case t.ID != "" && strings.EqualFold(name, t.ID):
				byID = append(byID, one)
			}
		}
	}
	switch {
	case len(byName) == 1:
		return byName, nil
	case len(byName) > 1:
		var full []string
		for _, t := range byName {
			full = append(full, t.fullName())
		}
		return nil, usagef("%s is in several suites: name one of %s", name, strings.Join(full, ", "))
	case len(byID) > 0:
		return byID, nil
	}
	if near := spell.Nearest(top, known); near != "" {
		return nil, usagef("no test %q: did you mean %s?", name, near)
	}
	var hint string
	if near := plan.Near(name, fullNames(all)); len(near) > 0 {
		hint = "; near it: " + strings.Join(near, ", ")
	}
	return nil, usagef("no test %q%s; `splicelab tests list` shows all", name, hint)
}

func fullNames(tests []shown) []string {
	var names []string
	for _, t := range tests {
		names = append(names, t.fullName())
	}
	return names
}

// seen is what the store has of a test; a store that is not there has nothing.
func (a *app) seen(ctx context.Context, test string) ([]seenCell, error) {
	found := []seenCell{}
	if _, err := os.Stat(a.session().ResultsFile()); err != nil {
		return found, nil
	}
	store, err := a.session().OpenResults()
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close() }() // only read from
	newest, err := store.Newest(ctx, test)
	for _, c := range newest {
		found = append(found, seenCell{
			Kernel: c.Kernel, FS: c.FS, Test: c.Test, Verdict: string(c.Verdict), Outcome: string(c.Outcome), Run: c.Run, At: c.Finished,
		})
	}
	return found, err
}

// showWidth is how wide sentences are shown.
const showWidth = 90

// faultWords say how each fault damages what a test looks at.
var faultWords = map[string]string{
	"sample":      "poison is put into the bytes that the reader received",
	"source":      "what one view of the source file shows is damaged",
	"observation": "the number, the errno or the text that decides is changed",
}

func (s shown) write(b *bytes.Buffer) {
	t := s.Test
	fmt.Fprintf(b, "%s\n", sanitize.Line(s.fullName()))
	for _, line := range text.Wrap(sanitize.Line(t.Doc), showWidth) {
		fmt.Fprintf(b, "%s\n", line)
	}
	b.WriteString("\n")
	fact := func(name, value string) {
		for i, line := range text.Wrap(sanitize.Line(value), showWidth-12) {
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(b, "%-10s  %s\n", name, line)
		}
	}
	fact("number", text.OrDash(t.ID))
	fact("family", text.OrDash(t.Family))
	fact("kind", kindOf(t))
	fact("priority", fmt.Sprintf("P%d", t.Priority))
	if len(t.Quick) > 0 {
		fact("quick", strings.Join(t.Quick, ", "))
	}
	fact("needs", text.OrDash(strings.Join(t.Needs, ", ")))
	fact("modules", text.OrDash(strings.Join(t.Modules, ", ")))
	fault := text.OrDash(t.Fault)
	if words := faultWords[t.Fault]; words != "" {
		fault += ": " + words
	}
	fact("fault", fault)
	cells := text.OrDash(strings.Join(t.Cells, ", "))
	if len(t.Cells) > 0 {
		cells = fmt.Sprintf("%d: %s", len(t.Cells), cells)
	}
	fact("cells", cells)
	for i, step := range t.Steps {
		if i == 0 {
			b.WriteString("\nSteps\n")
		}
		item(b, fmt.Sprintf("%d.", i+1), step)
	}
	if t.Oracle != "" {
		b.WriteString("\nOracle\n")
		item(b, "", t.Oracle)
	}
	for i, known := range t.Known {
		if i == 0 {
			b.WriteString("\nKnown\n")
		}
		item(b, "-", known)
	}
	s.writeSeen(b)
}

// item is one entry of a list, below a mark.
func item(b *bytes.Buffer, mark, content string) {
	indent := strings.Repeat(" ", len(mark))
	if mark != "" {
		mark, indent = mark+" ", indent+" "
	}
	for i, line := range text.Wrap(sanitize.Line(content), showWidth-2-len(mark)) {
		if i > 0 {
			mark = indent
		}
		fmt.Fprintf(b, "  %s%s\n", mark, line)
	}
}

// writeSeen sums up the store: a line for each kernel and filesystem.
func (s shown) writeSeen(b *bytes.Buffer) {
	if len(s.Seen) == 0 {
		b.WriteString("\nSeen here: nothing; splicelab run -t " + sanitize.Line(s.fullName()) + "\n")
		return
	}
	type place struct{ kernel, fs string }
	var order []place
	counts := map[place]map[string]int{}
	last := map[place]seenCell{}
	for _, c := range s.Seen {
		p := place{c.Kernel, c.FS}
		if counts[p] == nil {
			order, counts[p] = append(order, p), map[string]int{}
		}
		what := c.Verdict
		if c.Outcome != "" {
			what += " " + c.Outcome
		}
		counts[p][what]++
		if c.At.After(last[p].At) {
			last[p] = c
		}
	}
	b.WriteString("\nSeen here: the newest result of each cell\n")
	w := text.NewTable(b)
	for _, p := range order {
		var parts []string
		for _, what := range slices.Sorted(maps.Keys(counts[p])) {
			parts = append(parts, fmt.Sprintf("%d %s", counts[p][what], what))
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", sanitize.Line(p.kernel), sanitize.Line(p.fs), strings.Join(parts, ", "),
			last[p].At.Local().Format("2006-01-02"))
	}
	_ = w.Flush() // it writes to memory
}
