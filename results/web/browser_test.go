// The browser is a process of its own: the race detector would only slow the
// test down.
//go:build !race

package web

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/browsertest"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

func TestRunsInBrowser(t *testing.T) {
	t.Parallel()
	writer, address := live(t)
	b := browsertest.Open(t, address)
	b.Until(`document.querySelectorAll("table.runs tbody tr").length === 3`)
	b.Is("location.hash", "#/runs")
	b.Is("document.title", "Runs · splicelab")
	b.Is(`document.querySelector("tr.unfinished a").textContent`, liveRun)
	b.Is(`document.querySelector("tr.unfinished").cells[3].innerText`, "stopped")
	release, err := writer.LockRun(liveRun)
	must(t, err)
	b.Until(`document.querySelector("tr.unfinished").cells[3].innerText === "running"`)
	release()
	b.Is(`document.querySelectorAll("table.runs tbody tr")[2].innerText.includes("@baseline")`, true)
	b.Shot("runs-1280")

	// A run that another process starts appears in the list automatically.
	must(t, writer.BeginRun(t.Context(), newRun("20261123-221420-new", 3*time.Hour, 5)))
	b.Until(`document.querySelector("table.runs tbody a").textContent === "20261123-221420-new"`)

	// Two selected runs are compared, the older first.
	b.Click(`[aria-label="Select run 20261123-191420-one"]`)
	b.Is(`[...document.querySelectorAll("button")].find(e => e.textContent === "Compare selected").disabled`, true)
	b.Click(`[aria-label="Select run 20261123-201420-two"]`)
	b.Click(`//button[text()="Compare selected"]`)
	b.Until(`document.getElementById("same") !== null`)
	b.Is("location.hash", "#/diff/20261123-191420-one/20261123-201420-two")
	b.Sound()

	b.To(address + "/#/runs?skip=3")
	b.Until(`document.querySelectorAll("table.runs tbody tr").length === 1`)
	b.Click(`//a[contains(., "newer")]`)
	b.Until(`document.querySelectorAll("table.runs tbody tr").length === 4`)
	b.Sound()
}

func TestRunInBrowser(t *testing.T) {
	t.Parallel()
	_, address := live(t)
	b := browsertest.Open(t, address)
	b.Until(`document.querySelectorAll("table.runs tbody tr").length === 3`)
	b.Click(`//table[contains(@class, "runs")]//a[text()="20261123-201420-two"]`)
	b.Until(`document.getElementById("shown")?.textContent === "24 cells"`)
	b.Type("#find", "punch xfs")
	b.Until(`document.getElementById("shown").textContent === "6 of 24 cells"`)
	b.Is("location.hash", "#/run/20261123-201420-two?q=punch+xfs")
	b.Click(`.matrix a[aria-label="xP fail (phantom-zero)"]`)
	b.Until(`document.querySelector("h1")?.textContent === "splice.TestPunchHole/large-clean"`)
	b.Is(`document.querySelectorAll(".strip a.cell").length`, 2)
	b.Shot("cell-live-1280")
	b.Sound()

	// A deep link in a fresh tab, and a reference to a run.
	deep := address + "/#/run/20261123-201420-two/cell/" + url.PathEscape(kernels[1]) + "/xfs/" + url.QueryEscape(tests[1])
	b = browsertest.Open(t, deep)
	b.Until(`document.querySelectorAll(".attempt").length === 2`)
	b.Is(`document.querySelector("main .badge").textContent`, "xZ* fail (zeroed), flaky 1/2")
	b.Sound()
	b = browsertest.Open(t, address+"/#/run/@baseline")
	b.Until(`document.getElementById("shown")?.textContent === "24 cells"`)
	b.Is("location.hash", "#/run/20261123-191420-one")
	b.Sound()
	for hash, want := range map[string]string{
		"#/run/nobody": "no run", "#/run/latest/cell/a/b/c": "has no cell", "#/nothing": "view “nothing”", "#/history/a": "The address of a history",
		"#/run/<img src=x onerror=errors.push(1)>": "no run", "#/diff/nobody/latest": "no run", "#/map?tests=(": "not a regular expression",
	} {
		t.Run(hash, func(t *testing.T) {
			t.Parallel()
			b := browsertest.Open(t, address+"/"+hash)
			b.Until(`document.querySelector("[role=alert]")?.textContent.includes(` + fmt.Sprintf("%q", want) + `)`)
			b.Sound()
		})
	}
}

// TestProgressInBrowser watches a run that another connection writes: the page
// follows it without a reload, and keeps its scroll position.
func TestProgressInBrowser(t *testing.T) {
	t.Parallel()
	writer, address := live(t)
	ctx := t.Context()
	now := time.Now()
	add := func(kernel, fs, test string, n int, v outcome.Verdict, o outcome.Outcome) {
		t.Helper()
		a := attempt(kernel, fs, test, n, v, o)
		a.Finished = now
		must(t, writer.AddAttempt(ctx, liveRun, &a))
	}
	release, err := writer.LockRun(liveRun)
	must(t, err)
	b := browsertest.Open(t, address+"/#/run/unfinished")
	b.Until(`document.querySelector(".progress-text")?.textContent.startsWith("0 of 8 cells (0 %)")`)
	b.Is(`document.querySelector(".progress .copied").checkVisibility()`, false)
	browsertest.Eval[any](b, `globalThis.sameDocument = true`)
	add(kernels[0], "xfs", tests[0], 1, outcome.Pass, outcome.Snapshot)
	b.Until(`document.querySelectorAll(".matrix .cell > a").length === 1`)
	b.Until(`document.querySelector(".progress-text").textContent.startsWith("1 of 8 cells (12 %)")`)
	b.Is(`document.querySelector(".progress [role=progressbar]").getAttribute("aria-valuenow")`, 1)

	// Another kernel, another test: the matrix gets a column and a row.
	add(kernels[2], "xfs", tests[2], 1, outcome.Fail, outcome.Live)
	b.Until(`document.querySelectorAll(".matrix .fs").length === 2 && document.querySelectorAll(".matrix .o-live").length === 1`)
	// A second attempt changes its cell in place.
	add(kernels[2], "xfs", tests[2], 2, outcome.Pass, outcome.Snapshot)
	b.Until(`document.querySelector('.matrix a[aria-label="xL* fail (live), flaky 1/2"]')?.textContent === "xL*"`)

	// The reader types, and continues while cells arrive.
	b.Type("#find", "wri")
	b.Until(`document.getElementById("shown").textContent === "1 of 2 cells"`)
	add(kernels[2], "ext4", tests[2], 1, outcome.Crash, outcome.None)
	b.Until(`document.getElementById("shown").textContent === "2 of 3 cells"`)
	b.Is(`document.activeElement.id + " " + document.activeElement.value`, "find wri")
	b.Is("location.hash", "#/run/"+liveRun+"?q=wri")
	b.Keys("t", "e")
	b.Is(`document.getElementById("find").value`, "write")
	for i := range 4 {
		add(kernels[i%3], "ext4", tests[3], 1, outcome.Fail, outcome.Live)
		if i == 2 {
			break
		}
	}
	b.Until(`document.querySelector(".progress-text").textContent.startsWith("6 of 8 cells (75 %)")`)
	b.Until(`document.getElementById("shown").textContent === "5 of 6 cells"`)
	b.Until(`/ · [\d.]+ cells\/s$/.test(document.querySelector(".progress-text").textContent)`) // of a process that reports no estimate
	must(t, writer.SetLive(liveRun, results.Live{At: time.Now(), Left: 80 * time.Second, Rate: 2.5}))
	b.Until(`document.querySelector(".progress-text").textContent.endsWith("2.5 cells/s · 80 s left")`)
	b.Click(`//button[text()="Show all"]`)
	b.Shot("progress-1280")
	release()
	b.Until(`document.querySelector(".progress-text").textContent.endsWith("interrupted: not running")`)
	b.Is(`document.querySelector(".progress code").checkVisibility() && document.querySelector(".progress code").textContent`, "splicelab run --resume "+liveRun)
	b.Shot("stopped-1280")
	b.Size(400, 800)
	b.Shot("progress-400")
	b.Size(1280, 800)

	must(t, writer.FinishRun(ctx, liveRun, t0.Add(3*time.Hour), ""))
	b.Until(`document.querySelector(".progress") === null && document.querySelector(".run")?.textContent.includes("took")`)
	b.Is(`document.getElementById("shown").textContent`, "6 cells")
	b.Is(`globalThis.sameDocument`, true)
	b.Sound()
}

// TestLostServerInBrowser: a page reports that its server is unreachable, and
// continues when it is back.
func TestLostServerInBrowser(t *testing.T) {
	path := storePath(t)
	writer := sampleStore(t, path)
	address, stop := serving(t, testServer(t, Config{Store: openStore(t, path)}, quick))
	b := browsertest.Open(t, address+"/#/run/"+liveRun)
	b.Until(`document.querySelector(".progress-text")?.textContent.startsWith("0 of 8")`)
	stop()
	b.Until(`document.querySelector(".lost").textContent.includes("does not respond")`)
	must(t, writer.AddAttempt(t.Context(), liveRun, new(attempt(kernels[0], "xfs", tests[0], 1, outcome.Pass, outcome.Snapshot))))
	servingAt(t, testServer(t, Config{Store: openStore(t, path)}, quick), strings.TrimPrefix(address, "http://"))
	b.Until(`document.querySelector(".lost").textContent === "" && document.querySelectorAll(".matrix .cell > a").length === 1`)
	b.Until(`document.querySelector(".progress-text").textContent.startsWith("1 of 8")`)
}

func TestDiffInBrowser(t *testing.T) {
	t.Parallel()
	_, address := live(t)
	b := browsertest.Open(t, address+"/#/diff/@baseline/latest")
	b.Until(`document.getElementById("same") !== null`)
	b.Is(`[...document.querySelectorAll("section h2")].map(e => e.textContent).join()`, "new failures: 1")
	b.Is(`document.querySelector("[data-list=new-failures] tbody tr").innerText.includes("xP fail (phantom-zero)")`, true)
	b.Is(`document.getElementById("same").textContent`, "23 cells unchanged")
	b.Shot("diff-1280")
	// The form leads to the same URL that a link would have.
	browsertest.Eval[any](b, `document.getElementById("policy").value = "alias"`)
	b.Click(`//button[text()="Compare"]`)
	b.Until(`location.hash === "#/diff/%40baseline/latest?policy=alias" && document.getElementById("same") !== null`)
	b.Click(`[data-list=new-failures] td:nth-child(3) a`)
	b.Until(`document.querySelector("h1")?.textContent === "splice.TestPunchHole/large-clean"`)
	b.Sound()
	b.To(address + "/#/diff/latest/@baseline")
	b.Until(`document.querySelectorAll("[data-list=fixes]").length === 1`)
	b.Click(`//a[text()="history"]`)
	b.Until(`document.querySelectorAll(".strip a.cell").length === 2`)
	b.Is(`location.hash.startsWith("#/history/")`, true)
	b.Shot("history-1280")
	b.Sound()
}

func TestMapInBrowser(t *testing.T) {
	t.Parallel()
	_, address := live(t)
	b := browsertest.Open(t, address+"/#/map?tests=Punch|Write")
	b.Until(`document.querySelectorAll(".map tbody tr").length === 8`)
	b.Is(`[...document.querySelectorAll(".map thead tr:first-child th")].map(e => e.textContent).join()`, "5.10,6.1,6.12")
	b.Is(`[...document.querySelectorAll("ul.changes li")].map(e => e.textContent).join()`,
		"splice.TestPunchHole/large-clean xfs: snapshot on 6.1.0-56, phantom-zero on 6.12.117+deb12"+
			",splice.TestWrite/large xfs: snapshot on 6.1.0-56, crash on 6.12.117+deb12"+
			",splice.TestPunchHole/small-clean xfs: snapshot on 5.10.0-46, zeroed on 6.1.0-56"+
			",splice.TestPunchHole/small-clean xfs: zeroed on 6.1.0-56, snapshot on 6.12.117+deb12")
	b.Shot("map-1280")
	browsertest.Eval[any](b, `document.getElementById("tests").value = "Write", document.getElementById("fs").value = "xfs"`)
	b.Click(`//button[text()="Show"]`)
	b.Until(`document.querySelectorAll(".map tbody tr").length === 2`)
	b.Is("location.hash", "#/map?tests=Write&fs=xfs")
	b.Click(`.map a[aria-label*="crash"]`)
	b.Until(`document.querySelector("h1")?.textContent === "splice.TestWrite/large"`)
	b.Is(`location.hash.startsWith("#/run/20261123-201420-two/cell/")`, true)
	b.Sound()
}

// TestScreenshotsInBrowser takes screenshots of every view in dark mode and on a
// narrow screen, where nothing may be wider than the screen.
func TestScreenshotsInBrowser(t *testing.T) {
	t.Parallel()
	_, address := live(t)
	b := browsertest.Open(t, address)
	for name, view := range map[string]struct{ hash, ready string }{
		"runs":    {"#/runs", `document.querySelectorAll("table.runs tbody tr").length === 3`},
		"run":     {"#/run/latest", `document.getElementById("shown") !== null`},
		"diff":    {"#/diff/latest~1/latest", `document.getElementById("same") !== null`},
		"map":     {"#/map", `document.querySelector(".map") !== null`},
		"history": {"#/history/" + url.PathEscape(kernels[2]) + "/xfs/" + url.QueryEscape(tests[0]), `document.querySelectorAll(".strip a.cell").length === 2`},
		"session": {"#/session", `document.getElementById("token") !== null`},
	} {
		b.Size(400, 800)
		b.To("about:blank")
		b.To(address + "/" + view.hash)
		b.Until(view.ready)
		b.Is(`document.documentElement.scrollWidth <= innerWidth`, true)
		b.Shot(name + "-400")
		b.Size(1280, 800)
		b.Dark()
		b.Shot(name + "-dark")
		b.Sound()
	}
}

func TestTokenInBrowser(t *testing.T) {
	t.Parallel()
	path := storePath(t)
	sampleStore(t, path)
	address, _ := serving(t, testServer(t, Config{Store: openStore(t, path), Token: token}, quick))
	// Without the token, the page asks for it.
	b := browsertest.Open(t, address+"/#/run/latest")
	b.Until(`document.getElementById("token") !== null`)
	b.Shot("token-1280")
	b.Type("#token", "wrong"+"\r")
	b.Until(`document.querySelector("[role=alert]").textContent === "this is not the token"`)
	b.Is(`document.cookie`, "")
	// The printed URL logs in, and the token is removed from the address.
	b.To("about:blank")
	b.To(address + "/#token=" + url.PathEscape(token))
	b.Until(`document.querySelectorAll("table.runs tbody tr").length === 3`)
	b.Is("location.hash", "#/runs")
	b.Is(`document.cookie`, "") // no script can read it
	b.To(address + "/#/run/" + liveRun)
	b.Until(`document.querySelector(".progress-text")?.textContent.startsWith("0 of 8")`)
	b.Sound()
}
