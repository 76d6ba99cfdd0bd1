// The browser is a process of its own: the race detector would only slow the
// test down.
//go:build !race

package web

import (
	"net/url"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/results/browsertest"
)

// TestHostileTextsInBrowser opens every view of a hostile run: none of its
// scripts runs, nothing is loaded, and the tab stays responsive.
func TestHostileTextsInBrowser(t *testing.T) {
	path := storePath(t)
	id, key := hostileStore(t, path)
	address, _ := serving(t, testServer(t, Config{Store: openStore(t, path), Loopback: true}, quick))
	cell := "#/run/" + id + "/cell/" + url.PathEscape(key.Kernel) + "/" + url.PathEscape(key.FS) + "/" + url.PathEscape(key.Test)
	for name, view := range map[string]struct{ hash, ready string }{
		"runs":    {"#/runs", `document.querySelectorAll("table.runs tbody tr").length === 2`},
		"run":     {"#/run/" + id, `document.querySelectorAll(".matrix .cell > a").length === 1`},
		"cell":    {cell, `document.querySelectorAll(".log").length === 2`},
		"diff":    {"#/diff", `document.getElementById("same") !== null`},
		"history": {strings.Replace(cell, "#/run/"+id+"/cell", "#/history", 1), `document.querySelectorAll(".strip a.cell").length === 2`},
		"map":     {"#/map", `document.querySelectorAll(".map tbody tr").length === 1`},
		"nothing": {"#/" + url.PathEscape(hostileText), `document.querySelector("[role=alert]") !== null`},
	} {
		b := browsertest.Open(t, address+"/"+view.hash)
		b.Until(view.ready)
		browsertest.Eval[any](b, `for (const e of document.querySelectorAll("details")) e.open = true; 1`)
		b.Shot("hostile-" + name)
		b.Is(`typeof globalThis.owned`, "undefined")
		b.Is(`document.querySelectorAll("script").length`, 1)
		b.Is(`document.querySelectorAll("img, iframe, object, embed, [onerror], [onload], [srcdoc]").length`, 0)
		b.Is(`[...document.querySelectorAll("a[href]")].filter(a => !a.getAttribute("href").startsWith("#")).length`, 0)
		b.Is(`performance.getEntriesByType("resource").filter(e => !e.name.startsWith(location.origin)).length`, 0)
		if name == "cell" {
			b.Is(`document.querySelector(".log pre").textContent.length < 100000`, true)
			b.Is(`/\\x1b\[2J/.test(document.body.innerText)`, true) // terminal escapes are visible as text
		}
		b.Sound()
	}
}

// TestMarkupIsImpossible: the page's policy keeps even our own script from
// turning text into markup.
func TestMarkupIsImpossible(t *testing.T) {
	_, address := live(t)
	b := browsertest.Open(t, address)
	b.Until(`document.querySelector("h1") !== null`)
	for what, js := range map[string]string{
		"innerHTML": `document.body.innerHTML = "<img src=x onerror='globalThis.owned=1'>"`,
		"a script":  `document.body.append(Object.assign(document.createElement("script"), { textContent: "globalThis.owned=1" }))`,
		"eval":      `(0, eval)("globalThis.owned=1")`,
		"a timer":   `setTimeout("globalThis.owned=1", 0)`,
	} {
		if got := browsertest.Eval[string](b, `new Promise(done => setTimeout(() => { try { `+js+`; done("") } catch (e) { done(e.name) } }))`); got == "" {
			t.Errorf("%s is allowed", what)
		}
	}
	b.Is(`typeof globalThis.owned`, "undefined")
}
