// The browser is a process of its own: the race detector would only slow the
// test down.
//go:build !race

package web

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/browsertest"
	"github.com/splicelab/splicelab/results/page"
)

// The trend's numbers are those of the runs' cells, in the document, in its
// table and as the heights of its bars.
func TestTrendInBrowser(t *testing.T) {
	t.Parallel()
	path := storePath(t)
	store := sampleStore(t, path)
	sampleRun(t, store, "20261124-191420-three", 3)
	server := testServer(t, Config{Store: store}, quick)
	answer := ask(server.Handler(), "GET", "/api/trend")
	var doc page.Trend
	must(t, json.Unmarshal(answer.Body.Bytes(), &doc))
	ids := []string{"20261123-191420-one", "20261123-201420-two", "20261124-191420-three"} // the unfinished run is left out
	if len(doc.Runs) != len(ids) {
		t.Fatalf("a trend of %d runs: %s", len(doc.Runs), answer.Body)
	}
	fresh := 0
	for i, run := range doc.Runs {
		cells, err := store.Cells(t.Context(), ids[i])
		must(t, err)
		tally := results.Count(cells)
		if run.ID != ids[i] || run.Cells != tally.Cells || run.Violations != tally.Classes[outcome.Violates] || run.Deviations != tally.Classes[outcome.Deviates] {
			t.Errorf("the trend has %+v, want %s with %+v", run, ids[i], tally)
		}
		fresh += run.New
		if (run.Compared > 0) != (i > 0) {
			t.Errorf("%s is compared in %d cells", run.ID, run.Compared)
		}
	}
	if fresh != doc.Runs[2].Violations-doc.Runs[0].Violations || fresh == 0 { // none of them was mended
		t.Errorf("%d new violations, from %d to %d", fresh, doc.Runs[0].Violations, doc.Runs[2].Violations)
	}

	address, _ := serving(t, server)
	b := browsertest.Open(t, address)
	b.Until(`document.querySelectorAll(".trend-bars").length === 3`)
	browsertest.Eval[any](b, `document.querySelector(".trend details").open = true; 0`)
	for name, of := range map[string]func(page.TrendRun) int{
		"violations":     func(r page.TrendRun) int { return r.Violations },
		"new violations": func(r page.TrendRun) int { return r.New },
		"deviations":     func(r page.TrendRun) int { return r.Deviations },
	} {
		most, text := 1, ""
		for i, r := range doc.Runs {
			most = max(most, of(r))
			if i > 0 {
				text += ", "
			}
			text += fmt.Sprint(of(r))
		}
		bars := fmt.Sprintf(`document.querySelector('[data-series="%s"]')`, name)
		b.Is(bars+`.getAttribute("aria-label")`, name+", oldest run first: "+text)
		for i, r := range doc.Runs {
			b.Is(fmt.Sprintf(`Math.round(%s.children[%d].getAttribute("height") * %d / 40)`, bars, i, most), of(r))
		}
	}
	for i, r := range doc.Runs {
		want := fmt.Sprint(r.New)
		if r.Compared == 0 {
			want = ""
		}
		b.Is(fmt.Sprintf(`[...document.querySelectorAll(".trend tbody tr")[%d].cells].slice(2).map(e => e.textContent).join()`, len(ids)-1-i),
			fmt.Sprintf("%d,%d,%s,%d", r.Cells, r.Violations, want, r.Deviations))
	}
	b.Shot("trend-1280")
	b.Size(390, 800)
	b.Is(`document.documentElement.scrollWidth <= innerWidth`, true)
	b.Accessible("trend")
	b.Sound()
}
