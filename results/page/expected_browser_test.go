package page

import (
	"slices"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/browsertest"
	"github.com/splicelab/splicelab/results/expect"
)

// What is expected of a cell is right under each policy to which a reader of a
// report switches: a failure that is expected under one is none under another.
func TestExpectationsFollowThePolicyInBrowser(t *testing.T) {
	t.Parallel()
	e, err := expect.Parse("expectations.yaml", []byte(`
- {test: splice.TestWrite/*, filesystem: [ext4, xfs], outcome: live, reason: writes show}
- {test: splice.TestMmapStore/small-*, filesystem: tmpfs, outcome: phantom-zero, reason: never seen}
- {test: splice.TestDirectWrite/large-*, filesystem: ext4, outcome: zeroed, reason: mended}
`), t0)
	must(t, err)
	r, cells, l := sample()
	r.Policy = outcome.PolicyAlias
	l.expect = e.Apply
	under := func(p outcome.Policy) []results.Cell {
		shown := results.Show(cells, p)
		e.Apply(shown, p)
		return shown
	}
	own := under(r.Policy)
	url := "file://" + writeFile(t, "expected.html", r, own, l)
	b := browsertest.Open(t, url)
	seen := map[results.Expected][]int{}
	for _, p := range []outcome.Policy{outcome.PolicyAlias, outcome.PolicySnapshot, outcome.PolicyAlias} {
		b.Click(`[data-policy=` + string(p) + `]`)
		b.Until(`document.querySelector("[data-policy=` + string(p) + `]")?.getAttribute("aria-pressed") === "true"`)
		b.Settle()
		tally := results.Count(under(p))
		for mark, n := range map[results.Expected]int{results.XFail: tally.XFail, results.XPass: tally.XPass} {
			seen[mark] = append(seen[mark], n)
			text := map[results.Expected]string{results.XFail: "XFAIL", results.XPass: "XPASS"}[mark]
			b.Is(`[...document.querySelectorAll("[aria-label=verdicts] button")].filter(e => e.textContent.includes("`+text+`")).map(e => Number(e.querySelector(".n").textContent)).concat(0)[0]`, n)
		}
	}
	for mark, n := range seen {
		if n[0] == n[1] || n[0] != n[2] {
			t.Errorf("%s of the policies: %v; nothing was tested", mark, n)
		}
	}
	// The cell's page has the reason too.
	shown := under(outcome.PolicySnapshot)
	i := slices.IndexFunc(shown, func(c results.Cell) bool { return c.Expected == results.XFail })
	b.To(browsertest.Eval[string](b, `location.href.split("#")[0]`) + "#/run/" + r.ID + "/cell/" + shown[i].Kernel + "/" + shown[i].FS + "/" + "splice.TestWrite%2Flarge-clean" + "?policy=snapshot")
	b.Is(`document.querySelector("main .badge").textContent.endsWith("expected (XFAIL)")`, true)
	b.Is(`document.querySelector("main").innerText.includes("expected (XFAIL): writes show")`, true)
	b.Sound()
}
