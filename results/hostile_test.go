package results

import "github.com/splicelab/splicelab/outcome"

// hostile is text that a kernel or a test could print to attack its reader.
const hostile = "</pre></script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">" +
	"'\"><a href=\"javascript:document.title='owned'\">\x1b[2J\x1b]0;owned\x07\u202egnp.exe\x00\xff{{.Run}}`${document.title='owned'}`"

func hostileRun() (Run, []Cell, func(CellKey) ([]Attempt, error)) {
	r := run("hostile", 0)
	r.Problem, r.Command = hostile, []string{hostile}
	r.Conditions = map[string]string{hostile: hostile}
	var cells []Cell
	byKey := make(map[CellKey][]Attempt)
	for i, v := range outcome.Verdicts {
		a := attempt(CellKey{"6.1" + hostile, "fs" + hostile, "s.Test" + string(rune('A'+i)) + "/" + hostile}, 1, v, outcome.Outcome(hostile))
		a.Detail, a.Output, a.Console = hostile, hostile, hostile
		a.Covariates = map[string]string{hostile: hostile}
		cells = append(cells, FromAttempts([]Attempt{a}))
		byKey[a.CellKey] = []Attempt{a}
	}
	return r, cells, func(k CellKey) ([]Attempt, error) { return byKey[k], nil }
}
