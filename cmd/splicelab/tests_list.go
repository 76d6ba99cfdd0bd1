package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/lab/progress"
)

// listWidth is how wide the list is where no terminal says otherwise.
const listWidth = 100

func (a *app) testsListCommand() *cobra.Command {
	var c chosen
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the tests, what each asks, and how many cells it has",
		Long: `list shows the tests by family: the number in the catalogue, the name, whether
the test is an invariant (which fails on what no policy allows) or a
characterisation (which the run's policy judges), its priority (P0 is the
highest), how many cells it is on one kernel and filesystem, what it asks, and
what it needs: features without which it skips, kernel modules. The suite
selftest misbehaves on purpose; a run has it only if its pattern names it. With
--tests-from and no -t, only those tests are listed.`,
		Example: `  splicelab tests list
  splicelab tests list -t 'splice.*Hole' --priority 0
  splicelab tests list --json`,
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			suites, err := a.suites(cmd.Context(), c)
			if err != nil {
				return err
			}
			if asJSON {
				return a.writeJSON(suites)
			}
			width := listWidth
			if progress.IsTerminal(a.stdout) {
				width = max(a.matrixOptions(a.stdout).Width, 60)
			}
			_, err = a.stdout.WriteString(listOf(suites, width))
			return err
		},
	}
	cmd.Flags().SortFlags = false
	c.flags(cmd.Flags(), "list")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON array of suites to standard output")
	return cmd
}

// family is a run of tests of one suite and family.
type family struct {
	suite, name string
	tests       []protocol.Test
}

// families groups the tests of the suites, in their order.
func families(suites []protocol.Suite) []family {
	var out []family
	at := map[string]int{}
	for _, s := range suites {
		for _, t := range s.Tests {
			key := s.Name + "\x00" + t.Family
			i, known := at[key]
			if !known {
				i = len(out)
				at[key] = i
				out = append(out, family{suite: s.Name, name: t.Family})
			}
			out[i].tests = append(out[i].tests, t)
		}
	}
	return out
}

// listOf writes the tests by family: a line of facts for each, and below it
// what it asks and needs, broken at width.
func listOf(suites []protocol.Suite, width int) string {
	var b bytes.Buffer
	tests, cells, idWidth := 0, 0, 2
	for _, s := range suites {
		for _, t := range s.Tests {
			tests, cells, idWidth = tests+1, cells+cellsOf(t), max(idWidth, len(t.ID))
		}
	}
	indent := strings.Repeat(" ", idWidth+4)
	for _, f := range families(suites) {
		title := f.suite
		if f.name != "" && f.name != f.suite {
			title += ": " + f.name
		}
		fmt.Fprintf(&b, "%s\n", sanitize.Line(title))
		facts := text.NewTable(&b)
		for _, t := range f.tests {
			fmt.Fprintf(facts, "  %-*s  %s\t%s\tP%d\t%s\n", idWidth, sanitize.Line(text.OrDash(t.ID)), sanitize.Line(t.Name),
				sanitize.Line(kindOf(t)), t.Priority, text.Count(cellsOf(t), "cell"))
		}
		lines := facts.Lines()
		for i, t := range f.tests {
			b.WriteString(lines[i] + "\n")
			for _, part := range []string{t.Doc, needsOf(t)} {
				for _, line := range text.Wrap(sanitize.Line(part), width-len(indent)) {
					b.WriteString(indent + line + "\n")
				}
			}
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%s, %s on each kernel and filesystem\n", text.Count(tests, "test"), text.Count(cells, "cell"))
	return b.String()
}

// kindOf is a test's kind; control cells are none that a policy judges.
func kindOf(t protocol.Test) string {
	if t.Control {
		return "control"
	}
	return t.Kind
}

// needsOf says without what a test skips.
func needsOf(t protocol.Test) string {
	var parts []string
	if len(t.Needs) > 0 {
		parts = append(parts, "needs "+strings.Join(t.Needs, ", "))
	}
	if len(t.Modules) > 0 {
		noun := "module "
		if len(t.Modules) > 1 {
			noun = "modules "
		}
		parts = append(parts, noun+strings.Join(t.Modules, ", "))
	}
	return strings.Join(parts, "; ")
}
