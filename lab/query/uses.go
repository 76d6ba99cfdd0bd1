package query

import (
	"fmt"
	"io"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/results/expect"
)

// WriteUses lists the effect of each expectation rule on a run, and returns how
// many rules are useless.
func WriteUses(out io.Writer, uses []expect.Use) error {
	w := text.NewTable(out)
	fmt.Fprintln(w, "LINE\tTEST\tFILESYSTEM\tKERNELS\tEXPECTED\tMATCHED\tFAILED\tPASSED\tPROBLEM")
	for _, u := range uses {
		r := u.Rule
		some := func(names []string) string {
			switch {
			case len(names) == 0:
				return "*"
			case len(names) > 3:
				return sanitize.Line(fmt.Sprintf("%s and %d more", names[0], len(names)-1))
			}
			return sanitize.Line(strings.Join(names, ","))
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n", r.Line, some(r.Test), some(r.Filesystem), some(r.Kernels),
			strings.TrimSpace(string(r.Verdict)+" "+string(r.Outcome)), u.Expected, u.Failed, u.Passed, sanitize.Line(u.Problem))
	}
	return w.Flush()
}
