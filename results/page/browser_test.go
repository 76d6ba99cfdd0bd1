package page

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"splicelab/outcome"
	"splicelab/results"
)

// patience bounds one step in a browser on a busy machine.
const patience = time.Minute

// startBrowser starts Chromium for one test, or skips it.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: starts a browser")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no chromium, chromium-browser or google-chrome in PATH: cannot look at the page (scripts/setup test installs it)")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 800),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(patience))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stopBrowser := chromedp.NewContext(ctx)
	t.Cleanup(stopBrowser)
	must(t, chromedp.Do(ctx)) // starts it
	return ctx
}

// tab is one page in a browser.
type tab struct {
	*testing.T
	ctx context.Context
}

// open opens an address in a fresh tab and waits until its first view is there.
func open(t *testing.T, browser context.Context, url string) tab {
	t.Helper()
	ctx, stop := chromedp.NewContext(browser)
	t.Cleanup(stop)
	b := tab{t, ctx}
	must(t, chromedp.Do(ctx)) // the tab lives as long as the first context that it is used with
	b.call(func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: `
			globalThis.violations = [], globalThis.errors = [];
			addEventListener("securitypolicyviolation", e => violations.push(e.violatedDirective + " " + e.blockedURI));
			addEventListener("error", e => errors.push(e.message));
			addEventListener("unhandledrejection", e => errors.push(String(e.reason)));`})
		return err
	})
	b.to(url)
	return b
}

// call uses the tab, for a bounded time.
func (b tab) call(f func(context.Context) error) {
	b.Helper()
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	if err := f(ctx); err != nil {
		b.Fatal(err)
	}
}

func (b tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	b.call(func(ctx context.Context) error { return chromedp.Do(ctx, steps...) })
}

// to goes to an address.
func (b tab) to(url string) {
	b.Helper()
	b.do(chromedp.Navigate(url))
	b.settle()
}

// click clicks what a CSS selector finds.
func (b tab) click(selector string) {
	b.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// keys presses keys. The text of a key goes with its press, as a keyboard has
// it, so that a page can keep it from being typed.
func (b tab) keys(keys ...string) {
	b.Helper()
	for _, r := range strings.Join(keys, "") {
		events := kb.Encode(r)
		if events[1].Type == kb.KeyChar {
			events[0].Text = events[1].Text
			events = slices.Delete(events, 1, 2)
		}
		for _, e := range events {
			b.call(func(ctx context.Context) error {
				_, err := chromedp.Call(ctx, input.DispatchKeyEvent, *e)
				return err
			})
		}
	}
}

// settle waits until what was begun is shown.
func (b tab) settle() {
	b.Helper()
	eval[bool](b, `new Promise(frame => requestAnimationFrame(frame)).then(() => splicelab.showing).
		then(() => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(true)))))`)
}

// until waits for an expression to become true.
func (b tab) until(js string) {
	b.Helper()
	eval[bool](b, `new Promise(done => { const look = () => (`+js+`) ? done(true) : requestAnimationFrame(look); look(); })`)
}

// eval is the value of an expression, or of its promise.
func eval[T any](b tab, js string) (value T) {
	b.Helper()
	b.call(func(ctx context.Context) (err error) {
		if value, err = chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise)); err != nil {
			err = fmt.Errorf("%s: %w", js, err)
		}
		return err
	})
	return value
}

func (b tab) is(js string, want any) {
	b.Helper()
	if got := eval[any](b, js); fmt.Sprint(got) != fmt.Sprint(want) {
		b.Errorf("%s is %v, want %v", js, got, want)
	}
}

// sound fails when something did not run, or something ran that must not.
func (b tab) sound() {
	b.Helper()
	b.is("errors.join('; ')", "")
	b.is("violations.join('; ')", "")
}

// size sets the window's.
func (b tab) size(width, height int64) { b.do(chromedp.EmulateViewport(width, height)) }

func (b tab) media(features ...*emulation.MediaFeature) {
	b.Helper()
	b.call(func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
		return err
	})
}

// dark makes the system prefer dark pages.
func (b tab) dark() {
	b.media(&emulation.MediaFeature{Name: "prefers-color-scheme", Value: "dark"})
}

// shot keeps a picture of what is in the window.
func (b tab) shot(name string) {
	b.Helper()
	b.settle()
	var picture []byte
	b.call(func(ctx context.Context) (err error) {
		picture, err = chromedp.Run(ctx, chromedp.CaptureScreenshot())
		return err
	})
	if len(picture) < 5000 {
		b.Errorf("the picture %s has %d bytes", name, len(picture))
	}
	must(b, os.WriteFile(filepath.Join(artefacts(b), name+".png"), picture, 0o644))
}

const matrixText = `[...document.querySelectorAll(".matrix .body .row")].map(r => r.innerText.replace(/\s+/g, " ").trim())`

func TestReportInBrowser(t *testing.T) {
	browser := startBrowser(t)
	r, cells, l := sample()
	url := "file://" + writeFile(t, "sample.html", r, cells, l)
	run := "#/run/" + r.ID
	crashed := run + "/cell/6.18.15%2Bdeb13-cloud-amd64/xfs/splice.TestMmapStore%2Flarge-clean"
	zeroed := run + "/cell/6.12.117%2Bdeb12-cloud-amd64/xfs/splice.TestPunchHoleInPage%2Flarge-clean"

	t.Run("matrix", func(t *testing.T) {
		b := open(t, browser, url)
		b.is("location.hash", run)
		b.is("document.title", "Run "+r.ID+" · splicelab")
		b.is(`document.getElementById("shown").textContent`, "440 cells")
		rows := eval[[]string](b, matrixText)
		if !slices.Contains(rows, "▸DirectWrite (2 alike) xL .S -- .S xL .S -- .S xL .S xL .S xL .S xL .S xL .S xL .S") {
			t.Errorf("no row of tests that are alike in %q", rows)
		}
		b.is(`document.querySelector(".matrix").getAttribute("aria-colcount")`, 21)
		b.is(`document.querySelectorAll(".matrix [role=gridcell]:not([aria-label])").length`, 0)
		b.is(`document.querySelector(".problem")`, nil)
		b.shot("matrix-1280")
		b.sound()
	})
	t.Run("filter", func(t *testing.T) {
		b := open(t, browser, url)
		b.do(chromedp.SendKeys(chromedp.CSS("#find"), "punch xfs"))
		b.until(`document.getElementById("shown").textContent === "25 of 440 cells"`)
		b.is("location.hash", run+"?q=punch+xfs")
		b.click(`[aria-label=outcomes] button:last-child`) // the worst
		b.until(`document.getElementById("shown").textContent === "6 of 440 cells"`)
		b.is("location.hash", run+"?outcome=phantom-zero&q=punch+xfs")
		// A choice counts what it would show beside the other filters.
		b.is(`document.querySelector('[aria-label=outcomes] [aria-pressed=true]').textContent`, "P 6 phantom-zero")
		b.is(`[...document.querySelectorAll('[aria-label=outcomes] button')].find(e => e.textContent.startsWith("Z")).textContent`, "Z 14 zeroed")
		b.is(`document.querySelectorAll(".matrix .fs").length`, 3)
		b.click(".filter > .line > button")
		b.until(`document.getElementById("shown").textContent === "440 cells"`)
		b.click(".facet summary")
		b.click(".facet[open] label:last-child input")
		b.until(`document.getElementById("shown").textContent === "88 of 440 cells"`)
		b.is(`document.querySelector(".facet summary").textContent`, "kernel: 7.3.4+deb13-cloud-amd64")
		b.shot("filter-open")
		b.sound()
	})
	t.Run("what a filter leaves nothing of", func(t *testing.T) {
		b := open(t, browser, url+run+"?q=nosuchthing")
		b.is(`document.querySelector(".matrix").hidden`, true)
		b.is(`document.querySelector(".empty").innerText`, "No cell is like that. Show all")
		b.sound()
	})
	t.Run("cell by a click", func(t *testing.T) {
		b := open(t, browser, url+run+"?verdict=crash")
		b.click(".matrix a.v-crash")
		b.until(`document.querySelector("h1")?.textContent === "splice.TestMmapStore/large-clean"`)
		b.is("location.hash", crashed+"?verdict=crash")
		b.is(`document.querySelectorAll("mark.line").length`, 8)
		b.is(`document.querySelector("pre.command").textContent.includes("-k 6.18.15+deb13-cloud-amd64 -f xfs -t")`, true)
		b.shot("cell-crash")
		b.keys(kb.Escape)
		b.until(`document.getElementById("shown")?.textContent === "1 of 440 cells"`)
		b.is("location.hash", run+"?verdict=crash")
		b.sound()
	})
	t.Run("deep link in a fresh tab", func(t *testing.T) {
		b := open(t, browser, url+zeroed)
		b.is(`document.querySelector("h1").textContent`, "splice.TestPunchHoleInPage/large-clean")
		b.is(`document.querySelector("main .badge").textContent`, "xP fail (phantom-zero)")
		b.is(`document.querySelector("table.hex td").innerText.trim()`, "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00")
		b.is(`document.querySelectorAll("table.hex td")[1].innerText.trim()`, "53 70 4c 63 80 81 82 83 84 85 86 87 88 89 8a 8b")
		b.is(`document.querySelectorAll(".strip .cell").length`, 2)
		b.is(`document.querySelector("pre.report").textContent.includes("filesystem: xfs")`, true)
		b.is(`document.querySelectorAll("button.copy").length`, 4)
		b.shot("cell-1280")
		b.keys("n")
		b.until(`document.querySelector("h1")?.textContent === "splice.TestPunchHoleInPage/large-dirty"`)
		b.do(chromedp.NavigateBack())
		b.until(`document.querySelector("h1")?.textContent === "splice.TestPunchHoleInPage/large-clean"`)
		b.sound()
	})
	t.Run("expectations are told", func(t *testing.T) {
		b := open(t, browser, url+run+"/cell/7.3.4%2Bdeb13-cloud-amd64/ext4/splice.TestWrite%2Flarge-clean")
		b.is(`document.querySelector("main .badge").textContent`, "xL fail (live), expected fail")
		b.is(`document.querySelector("main").innerText.includes("expected fail: known since 2.6.31")`, true)
	})
	t.Run("a link to what is not there", func(t *testing.T) {
		for hash, want := range map[string]string{
			"#/run/other":               "not of other",
			run + "/cell/1/2/3":         "has no cell 1 2 3",
			run + "/cell/1":             "has no “cell”",
			"#/runs":                    "no view “runs”",
			"#/run/%E0%A4%A":            "not of %E0%A4%A",
			"#/run/<img src=x>/cell/a/": "has no “cell”",
		} {
			b := open(t, browser, url+hash)
			if got := eval[string](b, `document.querySelector("[role=alert]").innerText`); !strings.Contains(got, want) {
				t.Errorf("%s says %q, want %q", hash, got, want)
			}
			b.sound()
		}
	})
	t.Run("keyboard", func(t *testing.T) {
		b := open(t, browser, url)
		active := `document.querySelector("#" + CSS.escape(document.querySelector(".matrix").getAttribute("aria-activedescendant")))`
		b.is(`document.activeElement.className.includes("matrix")`, true)
		// Past a heading and the first test, to the flaky cell of the second.
		b.keys(kb.ArrowDown, kb.ArrowDown)
		for range 11 {
			b.keys(kb.ArrowRight)
		}
		b.is(active+`.getAttribute("aria-label")`, "fail, flaky 1/2")
		b.keys(kb.Enter)
		b.until(`document.querySelector("h1")?.textContent === "splice.TestEOF"`)
		b.is(`document.querySelectorAll(".attempt").length`, 2)
		b.keys(kb.Escape)
		b.until(`document.querySelector(".matrix") !== null`)
		b.settle()
		// The place is where it was.
		b.is(active+`.getAttribute("aria-label")`, "fail, flaky 1/2")
		b.keys("/")
		b.is(`document.activeElement.id`, "find")
		b.keys("eof", kb.Escape)
		b.until(`document.getElementById("shown").textContent === "20 of 440 cells"`)
		b.keys("?")
		b.until(`document.querySelector("dialog[open]") !== null`)
		b.shot("keys")
		b.keys(kb.Escape)
		b.until(`document.querySelector("dialog") === null`)
		b.keys("m", kb.ArrowUp, kb.Home)
		before := eval[int](b, matrixText+".length")
		b.keys(kb.Enter) // folds the family
		b.is(matrixText+".length", before-1)
		b.is(matrixText+"[0]", "▸A lengths and offsets · · · · · · 1 · · · · 1 · · · · · · · ·")
		b.sound()
	})
	t.Run("dark", func(t *testing.T) {
		b := open(t, browser, url)
		background := `getComputedStyle(document.body).backgroundColor`
		light := eval[string](b, background)
		b.dark()
		b.until(background + ` !== ` + fmt.Sprintf("%q", light))
		b.shot("matrix-dark")
		b.to(url + zeroed)
		b.shot("cell-dark")
		// The reader's choice wins over the system's: auto, light.
		b.click("button.theme")
		b.is(background, light)
		b.click("button.theme")
		b.media()
		b.is(background+` !== `+fmt.Sprintf("%q", light), true)
		b.click("button.theme") // the choice is remembered: back to the system's
		b.sound()
	})
	t.Run("narrow", func(t *testing.T) {
		b := open(t, browser, url)
		b.size(400, 800)
		for name, hash := range map[string]string{"matrix-400": run, "cell-400": zeroed, "crash-400": crashed} {
			b.to(url + hash)
			b.is(`document.documentElement.scrollWidth <= innerWidth`, true)
			b.shot(name)
		}
		b.sound()
	})
	t.Run("print", func(t *testing.T) {
		b := open(t, browser, url)
		for name, hash := range map[string]string{"matrix": run, "cell": zeroed} {
			b.to(url + hash)
			var document []byte
			b.call(func(ctx context.Context) (err error) {
				document, err = chromedp.Run(ctx, chromedp.PrintToPDF(chromedp.PDFPrintBackground(), chromedp.PDFPaper(chromedp.PaperA4)))
				return err
			})
			if len(document) < 10_000 || !strings.HasPrefix(string(document), "%PDF-") {
				t.Errorf("%s printed is %d bytes", name, len(document))
			}
			must(t, os.WriteFile(filepath.Join(artefacts(t), name+".pdf"), document, 0o644))
		}
		// What is printed in place of the matrix is gone from the screen again.
		b.is(`document.querySelector(".print")`, nil)
		b.sound()
	})
	t.Run("without script", func(t *testing.T) {
		ctx, stop := chromedp.NewContext(browser)
		t.Cleanup(stop)
		b := tab{t, ctx}
		must(t, chromedp.Do(ctx))
		b.call(func(ctx context.Context) error {
			_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
			return err
		})
		b.do(chromedp.Navigate(url))
		var text string
		b.call(func(ctx context.Context) (err error) {
			text, err = chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main")))
			return err
		})
		for _, want := range []string{"440 cells:", "1 crash", "2 planned but not run", "general protection fault in iomap_page_mkwrite", "no end after 30 s"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in the page without script", want)
			}
		}
		if strings.Contains(text, "known since") || strings.Count(text, "expected-fail") > 0 {
			t.Error("a cell that fails as expected is listed")
		}
	})
	t.Run("problem", func(t *testing.T) {
		r := r
		r.Problem, r.Finished = "a control cell failed", time.Time{}
		b := open(t, browser, "file://"+writeFile(t, "problem.html", r, cells[:10], Lookup{}))
		b.is(`document.querySelector("[role=alert]").innerText`, "This run cannot be trusted: a control cell failed")
		b.is(`document.querySelector(".run").innerText.includes("not finished")`, true)
		b.is(`document.querySelector(".run").innerText.includes("432 cells planned but not run")`, true)
		b.shot("problem")
		b.sound()
	})
	t.Run("no cells", func(t *testing.T) {
		b := open(t, browser, "file://"+writeFile(t, "empty.html", r, nil, Lookup{}))
		b.is(`document.querySelector(".empty").textContent`, "This run has no cells.")
		b.sound()
	})
	t.Run("vectors and times", func(t *testing.T) {
		b := open(t, browser, url)
		b.until(`document.querySelectorAll("details.section").length === 3`)
		eval[any](b, `for (const d of document.querySelectorAll("details.section")) d.open = true; document.querySelectorAll("details.section")[1].scrollIntoView()`)
		b.is(`document.querySelectorAll("details.section")[1].querySelectorAll("td.v-fail").length`, 40)
		b.is(`document.querySelectorAll("details.section svg.bar").length`, 20)
		b.shot("vectors")
		eval[any](b, `document.querySelectorAll("details.section")[2].scrollIntoView()`)
		b.shot("times")
		b.sound()
	})
}

// A cell of each verdict, found by its mark: letters, not colours alone.
func TestMarksAreTheTerminals(t *testing.T) {
	script := Script(false)
	for _, o := range outcome.All {
		if want := fmt.Sprintf("%q: %q", string(o), o.Letter()); !strings.Contains(script, want) {
			t.Errorf("the script does not know %s", want)
		}
	}
	for _, v := range outcome.Verdicts {
		if want := fmt.Sprintf("%q: %q", string(v), results.VerdictMark(v)); !strings.Contains(script, want) {
			t.Errorf("the script does not know %s", want)
		}
	}
}
