package selfcheck

import (
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/terminal"
)

// madeUp is a run of five cells, modified by change.
func madeUp(w Way, change func(name string, c *results.Cell)) compared {
	r := compared{Way: w, took: 30 * time.Second}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		c := results.Cell{Attempts: 1, Attempt: results.Attempt{
			CellKey: results.CellKey{Kernel: "6.12", FS: "xfs", Test: "splice.Test/" + name},
			Verdict: outcome.Pass, Outcome: outcome.Snapshot,
		}}
		if name == "e" {
			c.Verdict, c.Outcome, c.Detail = outcome.Skip, "", "no such call"
		}
		if change != nil {
			change(name, &c)
		}
		if c.Test != "" {
			r.Cells = append(r.Cells, c)
		}
	}
	return r
}

func TestWriteCompared(t *testing.T) {
	first := madeUp(ways[0], nil)
	for name, c := range map[string]struct {
		runs      []compared
		different int
		says      []string
		not       string
	}{
		"nothing ran":   {nil, 0, nil, "WAY"},
		"one way only":  {[]compared{first}, 0, []string{"shared  5      30s   10        0          0"}, "->"},
		"no difference": {[]compared{first, madeUp(ways[1], nil)}, 0, []string{"restored"}, "->"},
		"a verdict, an outcome, a reason to skip and a cell that is not there": {
			[]compared{first, madeUp(ways[1], nil), madeUp(ways[2], func(name string, c *results.Cell) {
				switch name {
				case "a":
					c.Verdict, c.Outcome = outcome.Fail, outcome.Zeroed
				case "b":
					c.Outcome = outcome.Live
				case "c":
					c.Test = ""
				case "e":
					c.Detail = "another reason"
				}
			})}, 4,
			[]string{"shared -> booted", "new failures: 1", "Test/a", "changed: 1", "Test/b", "1 cell only in the first: test splice.Test/c", "skips changed: 1", "another reason"},
			"shared -> restored",
		},
		"an infra cell is a difference, and a retry is reported": {
			[]compared{first, madeUp(ways[1], func(name string, c *results.Cell) {
				switch name {
				case "a":
					c.Verdict, c.Outcome, c.Infra = outcome.Infra, "", 2
				case "b":
					c.Attempts, c.Infra = 2, 1
				}
			})}, 1, []string{"restored  5      30s   10        1          3", "nothing can be said"}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			different, err := writeCompared(&out, c.runs, terminal.Options{Width: 100})
			if err != nil || different != c.different {
				t.Errorf("%d cells differ, want %d; %v", different, c.different, err)
			}
			for _, text := range c.says {
				if !strings.Contains(out.String(), text) {
					t.Errorf("%q is missing in:\n%s", text, out.String())
				}
			}
			if c.not != "" && strings.Contains(out.String(), c.not) {
				t.Errorf("%q is in:\n%s", c.not, out.String())
			}
		})
	}
}
