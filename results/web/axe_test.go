// The browser is a process of its own: the race detector would only slow the
// test down.
//go:build !race

package web

import (
	"net/url"
	"testing"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results/browsertest"
)

// Nine views of the live page have no finding of axe-core, light and dark; nor
// does the list of keys. Package page tests the report file.
func TestAccessibleInBrowser(t *testing.T) {
	t.Parallel()
	writer, address := live(t)
	a := attempt(kernels[0], "xfs", tests[0], 1, outcome.Fail, outcome.PhantomZero)
	a.Finished = time.Now()
	must(t, writer.AddAttempt(t.Context(), liveRun, &a))
	cell := url.PathEscape(kernels[2]) + "/xfs/" + url.QueryEscape(tests[0])
	views := []struct{ name, hash, ready string }{
		{"runs", "#/runs", `document.querySelectorAll("table.runs tbody tr").length === 3`},
		{"run", "#/run/20261123-201420-two", `document.getElementById("shown") !== null`},
		{"run in progress", "#/run/" + liveRun, `document.querySelector(".matrix .cell") !== null && document.querySelector(".violations") !== null`},
		{"cell", "#/run/20261123-201420-two/cell/" + cell, `document.querySelectorAll(".attempt").length === 1`},
		{"diff", "#/diff/@baseline/20261123-201420-two", `document.getElementById("same") !== null`},
		{"map", "#/map?tests=Punch|Write", `document.querySelector(".map") !== null`},
		{"history", "#/history/" + cell, `document.querySelectorAll(".strip a.cell").length === 2`},
		{"token", "#/session", `document.getElementById("token") !== null`},
		{"error", "#/run/nobody", `document.querySelector("[role=alert]") !== null`},
	}
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			b := browsertest.Open(t, address)
			accessible := b.Accessible
			if scheme == "dark" {
				b.Dark()
				accessible = b.Contrast
			}
			for _, v := range views {
				b.To("about:blank")
				b.To(address + "/" + v.hash)
				b.Until(v.ready)
				browsertest.Eval[any](b, `for (const e of document.querySelectorAll("details.section")) e.open = true; 0`)
				b.Settle()
				accessible(v.name)
			}
			b.Keys("?")
			b.Until(`document.querySelector("dialog[open]") !== null`)
			accessible("keys")
			b.Sound()
		})
	}
}
