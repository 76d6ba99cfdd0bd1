// The browser is a process of its own: the race detector would only slow the
// test down.
//go:build !race

package web

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results/browsertest"
	"github.com/splicelab/splicelab/results/page"
)

// A run with more cells than one document may have is read by tests; what needs
// all its cells is refused with the way out.
func TestPagedRunInBrowser(t *testing.T) {
	t.Parallel()
	path := storePath(t)
	store := sampleStore(t, path)
	small := quick
	small.cells = 20 // the sample runs have 24
	server := testServer(t, Config{Store: store}, small)
	get := func(target string, code int, doc any) {
		t.Helper()
		w := ask(server.Handler(), "GET", target)
		if w.Code != code {
			t.Fatalf("GET %s: %d %s", target, w.Code, w.Body)
		}
		must(t, json.Unmarshal(w.Body.Bytes(), doc))
	}
	const of = "/api/runs/20261123-201420-two"
	var run page.Run
	get(of, 200, &run)
	if !run.Paged || run.Tally.Cells != 24 {
		t.Errorf("the run is %+v", run)
	}
	var list Tests
	get(of+"/tests", 200, &list)
	if len(list.Tests) != 2 || list.Cells != 24 || list.Limit != 20 || list.Tests[0].Cells+list.Tests[1].Cells != 24 {
		t.Errorf("the tests are %+v", list)
	}
	var failure Failure
	for _, target := range []string{of + "/cells", of + "/vectors", of + "/times", "/api/diff?before=@baseline&after=latest~1", of + "/cells?test=splice.TestWrite&test=splice.TestPunchHole"} {
		get(target, 413, &failure)
	}
	var cells page.Cells
	get(of+"/cells?test=splice.TestWrite", 200, &cells)
	if len(cells.Test) != 12 || len(cells.Kernels) != 3 {
		t.Errorf("%d cells of %d kernels", len(cells.Test), len(cells.Kernels))
	}
	var violations page.Violations
	get(of+"/violations", 200, &violations)
	n := 0
	for _, v := range violations.Violations {
		n += v.Cells
	}
	// As many tests with violations as one document may have.
	if want := list.Tests[0].Classes[outcome.Violates]; n != want || n == 0 || violations.LeftOut != 1 {
		t.Errorf("%d cells with violations, want %d; those of %d tests are left out", n, want, violations.LeftOut)
	}

	address, _ := serving(t, server)
	b := browsertest.Open(t, address+"/#/run/20261123-201420-two")
	b.Until(`document.querySelectorAll(".tests tbody tr").length === 2`)
	b.Is(`document.querySelectorAll(".violation").length`, len(violations.Violations))
	b.Is(`document.querySelector(".violations .note").textContent`, "The violations of 1 more test are not listed, because the run is too large: the list of tests counts them.")
	b.Accessible("paged run")
	b.Type("#find", "write")
	b.Until(`document.querySelectorAll(".tests tbody tr").length === 1`)
	b.Is(shownPaged, "1 test")
	b.Click(`.tests tbody a`)
	b.Until(`document.querySelector(".matrix") !== null`)
	b.Is(shownPaged, "12 cells")
	b.Click(`[data-policy=alias]`)
	b.Until(`location.hash.endsWith("policy=alias") && document.querySelector("[data-policy=alias]")?.getAttribute("aria-pressed") === "true"`)
	b.Click(`.matrix .v-crash a`)
	b.Until(`document.querySelector("h1")?.textContent === "splice.TestWrite/large"`)
	b.Settle()
	b.Keys("\x1b")
	b.Until(`document.querySelector(".matrix") !== null`)
	b.Click(`//a[text()="All tests"]`)
	b.Until(`document.querySelectorAll(".tests tbody tr").length === 2`)
	b.Is(`location.hash`, "#/run/20261123-201420-two?policy=alias")
	b.Shot("paged-1280")
	b.Sound()
}

const shownPaged = `document.getElementById("shown").textContent`

// BenchmarkPagedRun measures what the page of a run of 2.5 million cells waits
// for: 100 kernels, 10 filesystems, 2500 tests.
func BenchmarkPagedRun(b *testing.B) {
	path, id := storeOf(b, 100, 10, 2500)
	store := openStore(b, path)
	if err := store.FinishRun(b.Context(), id, t0, ""); err != nil {
		b.Fatal(err)
	}
	server := testServer(b, Config{Store: store}, defaultLimits)
	for _, c := range []struct {
		name, target string
		cold         bool
	}{
		{"run", "", true}, {"tests-cold", "/tests", true}, {"tests", "/tests", false}, {"violations", "/violations", false}, {"cells-of-a-test", "/cells?test=splice.TestSomething7", false},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				server.cache = newCache(defaultLimits.cacheSize, defaultLimits.readers)
				if c.cold {
					server.last.key = ""
				}
				if w := ask(server.Handler(), "GET", "/api/runs/"+id+c.target); w.Code != 200 {
					b.Fatal(fmt.Sprint(w.Code, w.Body))
				}
			}
		})
	}
}
