// The browser is a process of its own: the race detector would only slow the
// test down.
//go:build !race

package web

import (
	"fmt"
	"sync"
	"testing"

	"github.com/splicelab/splicelab/results/browsertest"
	"github.com/splicelab/splicelab/results/page"
)

// The page draws the bracket of a search from its numbers, says the same in words,
// and follows it while it goes on.
func TestSearchInBrowser(t *testing.T) {
	t.Parallel()
	path := storePath(t)
	sampleStore(t, path)
	var mu sync.Mutex
	all := []page.Search{sampleSearch(0.25, 0.75)}
	set := func(s ...page.Search) { mu.Lock(); defer mu.Unlock(); all = s }
	server := testServer(t, Config{Store: openStore(t, path), Loopback: true, Searches: func() ([]page.Search, error) {
		mu.Lock()
		defer mu.Unlock()
		return all, nil
	}}, quick)
	address, _ := serving(t, server)
	b := browsertest.Open(t, address+"/#/bisect")
	b.Until(`document.querySelector(".bracket") !== null`)
	drawn := func() {
		t.Helper()
		s := get[Searches](t, server.Handler(), "/api/bisections").Searches[0]
		b.Until(`document.querySelector("[data-part=good]").getAttribute("width") == ` + fmt.Sprint(1000*s.Low))
		b.Is(`document.querySelector("[data-part=good]").getAttribute("x")`, 0)
		b.Is(`document.querySelector("[data-part=between]").getAttribute("x")`, 1000*s.Low)
		b.Is(`document.querySelector("[data-part=between]").getAttribute("width")`, 1000*(s.High-s.Low))
		b.Is(`document.querySelector("[data-part=bad]").getAttribute("x")`, 1000*s.High)
		b.Is(`document.querySelector("[data-part=bad]").getAttribute("width")`, 1000*(1-s.High))
		b.Is(`document.querySelector(".bracket").getAttribute("aria-label") === document.querySelector(".search-text").textContent`, true)
	}
	drawn()
	b.Is(`document.querySelector("[data-part=tried]").getAttribute("d").startsWith("M500 ")`, true)
	b.Is(`document.querySelector("[data-part=good]").getAttribute("class") + document.querySelector("[data-part=bad]").getAttribute("class")`, "o-snapshoto-zeroed")
	b.Is(`document.querySelector(".search-text").textContent`, "6.12.43 is good, 6.12.90 is bad, 11 undecided between them; step 4 of about 9; 99.5 % sure (99.0 % wanted); trying 6.12.70 (2 of up to 7 attempts)")
	b.Click(".search summary")
	b.Is(`[...document.querySelectorAll(".search tbody tr")].map(e => e.innerText.replace(/\s+/g, " ")).join("|")`, "6.12.9 7 7 0 good so far|6.12.50 0 0 0 skipped: it does not <b>build|6.12.90 1 0 1 bad")
	b.Accessible("bisections")
	b.Shot("bisect-1280")

	// The next step of the search: the same section, still open.
	next := sampleSearch(0.5, 0.75)
	next.Good, next.Step, next.Between = "6.12.70", 5, 5
	set(next)
	drawn()
	b.Is(`document.querySelector(".search details").open`, true)
	b.Is(`document.querySelector(".search-text").textContent.startsWith("6.12.70 is good, 6.12.90 is bad, 5 undecided between them; step 5 of about 9")`, true)
	next.Running, next.Finished, next.Between, next.Low = false, true, 0, 0.75
	set(next)
	drawn()
	b.Is(`document.querySelector("[data-part=tried]")`, nil)
	b.Is(`document.querySelector(".search h2 .badge").textContent`, "finished")
	b.Is(`document.querySelector(".search-text").textContent`, "6.12.70 is good, 6.12.90 is bad; 3 subjects tried; 99.5 % sure (99.0 % wanted)")
	b.Size(390, 800)
	b.Is(`document.documentElement.scrollWidth <= innerWidth`, true)
	b.Shot("bisect-390")
	b.Dark()
	b.Accessible("bisections, dark")
	set()
	b.Until(`document.querySelector(".empty") !== null`)
	b.Sound()
}

// Failure rates are drawn with their intervals, from the numbers of the document.
func TestFlakyInBrowser(t *testing.T) {
	t.Parallel()
	path := storePath(t)
	server := testServer(t, Config{Store: sampleStore(t, path)}, quick)
	address, _ := serving(t, server)
	doc := get[Flaky](t, server.Handler(), "/api/flaky")
	if doc.Runs != 2 || doc.TooLarge != 0 || len(doc.Cells) < 2 || !doc.Cells[0].Flaky || doc.Cells[len(doc.Cells)-1].Flaky {
		t.Fatalf("%+v", doc)
	}
	b := browsertest.Open(t, address+"/#/flaky")
	b.Until(`document.querySelectorAll(".flaky tbody tr").length === ` + fmt.Sprint(len(doc.Cells)))
	for i, c := range doc.Cells {
		row := fmt.Sprintf(`document.querySelectorAll(".flaky tbody tr")[%d]`, i)
		b.Is(row+`.querySelector("a").textContent`, c.Test)
		b.Is(row+`.querySelector(".rate-text").textContent`, fmt.Sprintf("failed %d of %d, 95 %% CI %.0f–%.0f %%", c.Rate.Failed, c.Rate.Attempts, 100*c.Rate.Low, 100*c.Rate.High))
		b.Is(row+`.querySelector("svg").getAttribute("aria-label") === `+row+`.querySelector(".rate-text").textContent`, true)
		box := row + `.querySelector("[data-part=interval]")`
		near := func(js string, want float64) { b.Is(fmt.Sprintf(`Math.abs(%s - %g) < 1e-9`, js, want), true) }
		near(box+`.getAttribute("x")`, 100*c.Rate.Low)
		near(box+`.getAttribute("width")`, 100*(c.Rate.High-c.Rate.Low))
		near(row+`.querySelector(".rate").getAttribute("x1")`, 100*float64(c.Rate.Failed)/float64(c.Rate.Attempts))
	}
	b.Accessible("flaky cells")
	b.Shot("flaky-1280")
	b.Size(390, 800)
	b.Is(`document.documentElement.scrollWidth <= innerWidth`, true)
	b.Sound()
}
