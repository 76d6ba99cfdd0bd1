package resultstest

import (
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// hostile is text that a kernel or a test could print to attack its reader.
const Hostile = "</pre></script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">" +
	"'\"><a href=\"javascript:document.title='owned'\">\x1b[2J\x1b]0;owned\x07\u202egnp.exe\x00\xff{{.Run}}`${document.title='owned'}`"

// HostileRun is a run all of whose texts are Hostile.
func HostileRun() (results.Run, []results.Cell, func(results.CellKey) ([]results.Attempt, error)) {
	r := Run("hostile", 0)
	r.Problem, r.Command = Hostile, []string{Hostile}
	r.Conditions = map[string]string{Hostile: Hostile}
	var cells []results.Cell
	byKey := make(map[results.CellKey][]results.Attempt)
	for i, v := range outcome.Verdicts {
		a := Attempt(results.CellKey{Kernel: "6.1" + Hostile, FS: "fs" + Hostile, Test: "s.Test" + string(rune('A'+i)) + "/" + Hostile}, 1, v, outcome.Outcome(Hostile))
		a.Detail, a.Output, a.Console = Hostile, Hostile, Hostile
		a.Covariates = map[string]string{Hostile: Hostile}
		cells = append(cells, results.FromAttempts([]results.Attempt{a}))
		byKey[a.CellKey] = []results.Attempt{a}
	}
	return r, cells, func(k results.CellKey) ([]results.Attempt, error) { return byKey[k], nil }
}
