package changes

import (
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results/findings"
)

// titleLength bounds a violation's title, in bytes: its cells' details follow
// if they are new.
const titleLength = 120

// violations writes what every policy forbids, before what changed: a fault
// that was there yesterday is still a fault.
func (n Summary) violations(line func(string, ...any)) {
	if len(n.Violations) == 0 {
		return
	}
	line("")
	line("violations: %d", len(n.Violations))
	for i, v := range n.Violations {
		if i == shown {
			line("  and %d more: see the report", len(n.Violations)-i)
			break
		}
		line("  %s: %s, %s", sanitize.Line(v.Test), v.What(titled), extent(v))
		line("      %s", v.Command)
	}
}

func titled(title string) string {
	return "(" + sanitize.Short(sanitize.Line(title), titleLength) + ")"
}

// extent says where a violation is: cells, filesystems, and since which kernel.
func extent(v findings.Violation) string {
	where := numbered(v.Cells, "cell") + " on " + short(strings.Join(v.Filesystems, ", ")) + " since "
	for i, f := range v.Flavours {
		if i > 0 {
			where += "; "
		}
		where += sanitize.Line(f.Since)
		if f.Before != "" {
			where += ", not in " + sanitize.Line(f.Before)
		}
	}
	return where
}
