package page

import (
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results/palette"
)

// colours are the style rules of the palette: its colours, light, dark and
// printed, and a class for each outcome, verdict and class of cells.
func colours() string {
	var b strings.Builder
	css := palette.CSS()
	b.WriteString(css)
	rule := func(name string) {
		fmt.Fprintf(&b, ".%s { background: var(--%s); fill: var(--%s); }\n", name, name, name)
	}
	for _, c := range outcome.Classes {
		rule("c-" + string(c))
	}
	for _, v := range outcome.Verdicts {
		rule("v-" + string(v))
	}
	for _, o := range outcome.All {
		rule("o-" + string(o))
	}
	rule("o-unknown")
	// Paper is white, whatever the screen is.
	light, _, _ := strings.Cut(strings.TrimPrefix(css, ":root {"), "}")
	fmt.Fprintf(&b, "@media print { :root, :root[data-theme=\"dark\"], :root:not([data-theme=\"light\"]) {%s} }\n", light)
	return b.String()
}

// colourClass is the style class of a result. What an outcome is depends on
// what the test expects: an intended phantom-zero in a control cell is green.
func colourClass(v outcome.Verdict, o outcome.Outcome, c outcome.Class) string {
	if o == outcome.None || c == outcome.Passes || v != outcome.Pass && v != outcome.Fail {
		return "v-" + string(v)
	}
	if o.Rank() >= len(outcome.All) {
		return "o-unknown"
	}
	return "o-" + string(o)
}
