package page

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/browsertest"
)

type shape struct {
	name                        string
	kernels, filesystems, tests int
}

// shapes are runs of 100,000 cells: as wide as a nightly run over all kernels,
// and as tall as suites of thousands of tests.
var shapes = []shape{{"wide", 50, 10, 200}, {"tall", 5, 4, 5000}}

func TestLargeReportInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: starts a browser")
	}
	// One look, at what a nightly run has: 12,000 cells.
	rounds, all := 1, []shape{{"nightly", 10, 6, 200}}
	measure := os.Getenv("SPLICELAB_MEASURE") != ""
	if measure {
		rounds, all = 10, append(all, shapes...)
	}
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			r, cells := large(s.kernels, s.filesystems, s.tests)
			url := "file://" + writeFile(t, s.name+".html", r, cells, fakeSource{})
			var painted []float64
			for range rounds {
				b := browsertest.Open(t, url)
				b.Until(`performance.getEntriesByName("splicelab-shown").length > 0`)
				painted = append(painted, browsertest.Eval[float64](b, `performance.getEntriesByName("splicelab-shown")[0].startTime`))
			}
			b := browsertest.Open(t, url)
			var filtered, scrolled []float64
			timed := func(js string) float64 {
				return browsertest.Eval[float64](b, `(async () => {
					const begin = performance.now();
					`+js+`
					await new Promise(done => requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = done; c.port2.postMessage(0); }));
					return performance.now() - begin;
				})()`)
			}
			words := []string{"live", "something1", "fs3 page-2", "generation 7", "unchanged, 4100", "6.2.117 something", "page", "nothing like that", "fs", ""}
			for i := range rounds {
				word := words[(i+len(words)-rounds)%len(words)]
				filtered = append(filtered, timed(`const find = document.getElementById("find"); find.value = `+quoted(word)+`; find.dispatchEvent(new Event("input", { bubbles: true }));`))
				scrolled = append(scrolled, timed(fmt.Sprintf(`const m = document.querySelector(".matrix"); m.scrollTop = %d; m.scrollLeft = %d;`, 400+i*900, i*700)))
			}
			b.Is(`document.getElementById("shown").textContent.replaceAll(",", "")`, fmt.Sprint(len(cells), " cells"))
			b.Is(`document.querySelectorAll(".matrix a").length < 4000`, true)
			b.Shot(s.name)
			b.Is(`document.querySelector(".matrix").clientHeight > 200`, true)
			b.Sound()
			if !measure {
				return // a shared machine decides how long it takes
			}
			report := func(what string, times []float64, goal float64) {
				slices.Sort(times)
				median := times[len(times)/2]
				t.Logf("%-10s %5.0f ms at least, %5.0f ms median of %d, goal %4.0f ms: %.1f", what, times[0], median, len(times), goal, goal/median)
			}
			report("first view", painted, 1000)
			report("filter", filtered, 100)
			report("scroll", scrolled, 100)
		})
	}
}

// Failures take precedence, cells report what was omitted, and what the cells
// themselves contain is complete.
func TestReportTextIsBounded(t *testing.T) {
	r := sampleRun("big")
	text := strings.Repeat("x", results.MaxText)
	cells := make([]results.Cell, 2*maxTexts/results.MaxText)
	for i := range cells {
		a := results.Attempt{CellKey: results.CellKey{Kernel: "6.1", FS: "xfs", Test: fmt.Sprintf("s.Test%04d", i)}, N: 1, Verdict: outcome.Pass, Detail: "seen", Finished: t0}
		cells[i] = results.Cell{Attempt: a, Attempts: 1}
	}
	failed := &cells[len(cells)-1]
	failed.Verdict = outcome.Fail
	var b bytes.Buffer
	must(t, WriteReport(t.Context(), &b, r, nil, cells, fakeSource{attempts: func(k results.CellKey) ([]results.Attempt, error) {
		a := cells[0].Attempt
		a.CellKey, a.Output = k, text
		if k == failed.CellKey {
			a.Verdict, a.Output = outcome.Fail, "the failure's own output"
		}
		return []results.Attempt{a}, nil
	}}))
	docs, size, short := documents(t, b.String()), 0, 0
	var last Cell
	for part := range decode[[]int](t, docs["parts"]) {
		for _, c := range decode[[]Cell](t, docs[fmt.Sprintf("part-%d", part)]) {
			size += len(c.Attempts[0].Output)
			if c.LeftOut != "" {
				short++
				if c.Attempts[0].Detail != "seen" {
					t.Errorf("%s has lost its detail", c.Test)
				}
			} else if c.Attempts[0].Output == "" {
				t.Errorf("%s has neither output nor the reason", c.Test)
			}
			last = c
		}
	}
	if size > maxTexts || size < maxTexts*9/10 {
		t.Errorf("%d bytes of text, want just under %d", size, maxTexts)
	}
	if short == 0 || last.Attempts[0].Output != "the failure's own output" || last.LeftOut != "" {
		t.Errorf("%d cells are cut short; the failure has %q, %q", short, last.Attempts[0].Output, last.LeftOut)
	}
}
