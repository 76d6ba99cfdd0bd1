package page

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/browsertest"
)

const matrixText = `[...document.querySelectorAll(".matrix .body .row")].map(r => r.innerText.replace(/\s+/g, " ").trim())`

func TestMain(m *testing.M) { browsertest.Main(m) }

func TestReportInBrowser(t *testing.T) {
	t.Parallel()
	r, cells, l := sample()
	url := "file://" + writeFile(t, "sample.html", r, cells, l)
	run := "#/run/" + r.ID
	crashed := run + "/cell/6.18.15%2Bdeb13-cloud-amd64/xfs/splice.TestMmapStore%2Flarge-clean"
	zeroed := run + "/cell/6.12.117%2Bdeb12-cloud-amd64/xfs/splice.TestPunchHoleInPage%2Flarge-clean"

	t.Run("matrix", func(t *testing.T) {
		t.Parallel()
		b := browsertest.Open(t, url)
		b.Is("location.hash", run)
		b.Is("document.title", "Run "+r.ID+" · splicelab")
		b.Is(`document.getElementById("shown").textContent`, "440 cells")
		rows := browsertest.Eval[[]string](b, matrixText)
		if !slices.Contains(rows, "▸DirectWrite (2 identical) xL .S -- .S xL .S -- .S xL .S xL .S xL .S xL .S xL .S xL .S") {
			t.Errorf("no row of equal tests in %q", rows)
		}
		b.Is(`document.querySelector(".matrix").getAttribute("aria-colcount")`, 21)
		b.Is(`document.querySelectorAll(".matrix [role=gridcell] > a:not([aria-label]), .matrix .sum:not([aria-label])").length`, 0)
		b.Is(`document.querySelector(".problem")`, nil)
		b.Shot("matrix-1280")
		b.Sound()
	})
	t.Run("filter", func(t *testing.T) {
		t.Parallel()
		b := browsertest.Open(t, url)
		b.Type("#find", "punch xfs")
		b.Until(`document.getElementById("shown").textContent === "25 of 440 cells"`)
		b.Is("location.hash", run+"?q=punch+xfs")
		b.Click(`[aria-label=outcomes] button:last-child`) // the worst
		b.Until(`document.getElementById("shown").textContent === "6 of 440 cells"`)
		b.Is("location.hash", run+"?outcome=phantom-zero&q=punch+xfs")
		// A choice shows how many cells it would show given the other filters.
		b.Is(`document.querySelector('[aria-label=outcomes] [aria-pressed=true]').textContent`, "P 6 phantom-zero")
		b.Is(`[...document.querySelectorAll('[aria-label=outcomes] button')].find(e => e.textContent.startsWith("Z")).textContent`, "Z 14 zeroed")
		b.Is(`document.querySelectorAll(".matrix .fs").length`, 3)
		b.Click(`//button[text()="Show all"]`)
		b.Until(`document.getElementById("shown").textContent === "440 cells"`)
		b.Click(".facet summary")
		b.Click(".facet[open] label:last-child input")
		b.Until(`document.getElementById("shown").textContent === "88 of 440 cells"`)
		b.Is(`document.querySelector(".facet summary").textContent`, "kernel: 7.3.4+deb13-cloud-amd64")
		b.Shot("filter-open")
		b.Sound()
	})
	t.Run("filter without a match", func(t *testing.T) {
		t.Parallel()
		b := browsertest.Open(t, url+run+"?q=nosuchthing")
		b.Is(`document.querySelector(".matrix").hidden`, true)
		b.Is(`document.querySelector(".empty").innerText`, "No cell matches. Show all")
		b.Sound()
	})
	t.Run("cell by a click", func(t *testing.T) {
		t.Parallel()
		b := browsertest.Open(t, url+run+"?verdict=crash")
		b.Click(".matrix .v-crash a")
		b.Until(`document.querySelector("h1")?.textContent === "splice.TestMmapStore/large-clean"`)
		b.Is("location.hash", crashed+"?verdict=crash")
		b.Is(`document.querySelectorAll("mark.line").length`, 8)
		b.Is(`document.querySelector("pre.command").textContent.includes("-k 6.18.15+deb13-cloud-amd64 -f xfs -t")`, true)
		b.Shot("cell-crash")
		b.Keys(kb.Escape)
		b.Until(`document.getElementById("shown")?.textContent === "1 of 440 cells"`)
		b.Is("location.hash", run+"?verdict=crash")
		b.Sound()
	})
	t.Run("deep link in a fresh tab", func(t *testing.T) {
		t.Parallel()
		b := browsertest.Open(t, url+zeroed)
		b.Is(`document.querySelector("h1").textContent`, "splice.TestPunchHoleInPage/large-clean")
		b.Is(`document.querySelector("main .badge").textContent`, "xP fail (phantom-zero)")
		b.Is(`document.querySelector("table.hex tbody tr").textContent`, "00000400found00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00|................|")
		b.Is(`document.querySelectorAll("table.hex tbody tr")[1].textContent`, "00000400expected53 70 4c 63 80 81 82 83  84 85 86 87 88 89 8a 8b|SpLc............|")
		b.Is(`document.querySelectorAll(".strip .cell").length`, 2)
		b.Is(`document.querySelector("pre.report").textContent.includes("filesystem: xfs")`, true)
		b.Is(`document.querySelectorAll("button.copy").length`, 5)
		b.Shot("cell-1280")
		b.Keys("n")
		b.Until(`document.querySelector("h1")?.textContent === "splice.TestPunchHoleInPage/large-dirty"`)
		b.Back()
		b.Until(`document.querySelector("h1")?.textContent === "splice.TestPunchHoleInPage/large-clean"`)
		b.Sound()
	})
	t.Run("expectations", func(t *testing.T) {
		t.Parallel()
		b := browsertest.Open(t, url+run+"/cell/7.3.4%2Bdeb13-cloud-amd64/ext4/splice.TestWrite%2Flarge-clean")
		b.Is(`document.querySelector("main .badge").textContent`, "xL fail (live), expected (XFAIL)")
		b.Is(`document.querySelector("main").innerText.includes("expected (XFAIL): known since 2.6.31")`, true)
	})
	t.Run("broken links", func(t *testing.T) {
		t.Parallel()
		for hash, want := range map[string]string{
			"#/run/other":               "not other",
			run + "/cell/1/2/3":         "has no cell 1 2 3",
			run + "/cell/1":             "page “cell” of a run",
			"#/runs":                    "view “runs”",
			"#/run/%E0%A4%A":            "not %E0%A4%A",
			"#/run/<img src=x>/cell/a/": "page “cell” of a run",
		} {
			t.Run(hash, func(t *testing.T) {
				t.Parallel()
				b := browsertest.Open(t, url+hash)
				if got := browsertest.Eval[string](b, `document.querySelector("[role=alert]").innerText`); !strings.Contains(got, want) {
					t.Errorf("the message is %q, want %q", got, want)
				}
				b.Sound()
			})
		}
	})
	t.Run("keyboard", func(t *testing.T) {
		t.Parallel()
		b := browsertest.Open(t, url)
		active := `document.querySelector("#" + CSS.escape(document.querySelector(".matrix").getAttribute("aria-activedescendant")))`
		b.Is(`document.activeElement === document.body`, true) // reading starts at the head
		b.Keys("m")
		// Past a heading and the first test, to the flaky cell of the second.
		b.Keys(kb.ArrowDown, kb.ArrowDown)
		for range 11 {
			b.Keys(kb.ArrowRight)
		}
		b.Is(active+`.firstChild.getAttribute("aria-label")`, "x* fail, flaky 1/2")
		b.Keys(kb.Enter)
		b.Until(`document.querySelector("h1")?.textContent === "splice.TestEOF"`)
		b.Is(`document.querySelectorAll(".attempt").length`, 2)
		b.Keys(kb.Escape)
		b.Until(`document.querySelector(".matrix") !== null`)
		b.Settle()
		// The scroll position is restored.
		b.Is(active+`.firstChild.getAttribute("aria-label")`, "x* fail, flaky 1/2")
		b.Keys("/")
		b.Is(`document.activeElement.id`, "find")
		b.Keys("eof", kb.Escape)
		b.Until(`document.getElementById("shown").textContent === "20 of 440 cells"`)
		b.Keys("?")
		b.Until(`document.querySelector("dialog[open]") !== null`)
		b.Shot("keys")
		b.Keys(kb.Escape)
		b.Until(`document.querySelector("dialog") === null`)
		b.Keys("m", kb.ArrowUp, kb.Home)
		before := browsertest.Eval[int](b, matrixText+".length")
		b.Keys(kb.Enter) // folds the family
		b.Is(matrixText+".length", before-1)
		b.Is(matrixText+"[0]", "▸A lengths and offsets · · · · · · 1 · · · · 1 · · · · · · · ·")
		b.Sound()
	})
	t.Run("dark", func(t *testing.T) {
		t.Parallel()
		b := browsertest.Open(t, url)
		background := `getComputedStyle(document.body).backgroundColor`
		light := browsertest.Eval[string](b, background)
		b.Dark()
		b.Until(background + ` !== ` + fmt.Sprintf("%q", light))
		b.Shot("matrix-dark")
		b.To(url + zeroed)
		b.Shot("cell-dark")
		// The reader's choice takes precedence over the system's: auto, light.
		b.Click("button.theme")
		b.Is(background, light)
		b.Click("button.theme")
		b.Media()
		b.Is(background+` !== `+fmt.Sprintf("%q", light), true)
		b.Click("button.theme") // the choice is remembered: back to the system's
		b.Sound()
	})
	t.Run("narrow", func(t *testing.T) {
		t.Parallel()
		b := browsertest.Open(t, url)
		b.Size(400, 800)
		for name, hash := range map[string]string{"matrix-400": run, "cell-400": zeroed, "crash-400": crashed} {
			b.To(url + hash)
			b.Is(`document.documentElement.scrollWidth <= innerWidth`, true)
			b.Shot(name)
		}
		b.Sound()
	})
	t.Run("print", func(t *testing.T) {
		t.Parallel()
		b := browsertest.Open(t, url)
		for name, hash := range map[string]string{"matrix": run, "cell": zeroed} {
			b.To(url + hash)
			document := b.PDF()
			if len(document) < 10_000 || !strings.HasPrefix(string(document), "%PDF-") {
				t.Errorf("%s printed is %d bytes", name, len(document))
			}
			must(t, os.WriteFile(filepath.Join(browsertest.Artefacts(t), name+".pdf"), document, 0o644))
		}
		// What is printed instead of the matrix is removed from the screen again.
		b.Is(`document.querySelector(".print")`, nil)
		b.Sound()
	})
	t.Run("without script", func(t *testing.T) {
		t.Parallel()
		text := browsertest.Open(t, "about:blank").WithoutScript(url, "main")
		for _, want := range []string{"440 cells:", "1 crash", "2 not run", "general protection fault in iomap_page_mkwrite", "no end after 30 s"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in the page without script", want)
			}
		}
		if strings.Contains(text, "known since") || strings.Count(text, "expected-fail") > 0 {
			t.Error("a cell that fails as expected is listed")
		}
	})
	t.Run("problem", func(t *testing.T) {
		t.Parallel()
		r := r
		r.Problem, r.Finished = "a control cell failed", time.Time{}
		b := browsertest.Open(t, "file://"+writeFile(t, "problem.html", r, cells[:10], fakeSource{}))
		b.Is(`document.querySelector("[role=alert]").innerText`, "Results are unreliable: a control cell failed")
		b.Is(`document.querySelector(".run").innerText.includes("not finished")`, true)
		b.Is(`document.querySelector(".run").innerText.includes("432 cells not run")`, true)
		b.Shot("problem")
		b.Sound()
	})
	t.Run("no cells", func(t *testing.T) {
		t.Parallel()
		b := browsertest.Open(t, "file://"+writeFile(t, "empty.html", r, nil, fakeSource{}))
		b.Is(`document.querySelector(".empty").textContent`, "This run has no cells.")
		b.Sound()
	})
	t.Run("vectors and times", func(t *testing.T) {
		t.Parallel()
		b := browsertest.Open(t, url)
		b.Until(`document.querySelectorAll("details.section").length === 3`)
		browsertest.Eval[any](b, `for (const d of document.querySelectorAll("details.section")) d.open = true; document.querySelectorAll("details.section")[1].scrollIntoView()`)
		b.Is(`document.querySelectorAll("details.section")[1].querySelectorAll("td.o-live").length`, 30)
		b.Is(`document.querySelectorAll("details.section svg.bar").length`, 20)
		b.Shot("vectors")
		browsertest.Eval[any](b, `document.querySelectorAll("details.section")[2].scrollIntoView()`)
		b.Shot("times")
		b.Sound()
	})
}

// The page marks verdicts and outcomes with the same letters as the terminal.
func TestMarksMatchTerminal(t *testing.T) {
	script := Script(false)
	for _, o := range outcome.All {
		if want := fmt.Sprintf("%q: %q", string(o), o.Letter()); !strings.Contains(script, want) {
			t.Errorf("the script lacks %s", want)
		}
	}
	for _, v := range outcome.Verdicts {
		if want := fmt.Sprintf("%q: %q", string(v), results.VerdictMark(v)); !strings.Contains(script, want) {
			t.Errorf("the script lacks %s", want)
		}
	}
}
