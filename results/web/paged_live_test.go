// The browser is a process of its own: the race detector would only slow the
// test down.
//go:build !race

package web

import (
	"fmt"
	"testing"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/browsertest"
)

// A run in progress that is read by tests is followed too: the list of its tests,
// and the matrix of some of them.
func TestPagedRunInProgressInBrowser(t *testing.T) {
	t.Parallel()
	path := storePath(t)
	writer := sampleStore(t, path)
	small := quick
	small.cells = 7 // the run has planned 8
	address, _ := serving(t, testServer(t, Config{Store: openStore(t, path), Loopback: true}, small))
	add := func(fs, test string, v outcome.Verdict, o outcome.Outcome) {
		t.Helper()
		a := attempt(kernels[0], fs, test, 1, v, o)
		a.Finished = time.Now()
		must(t, writer.AddAttempt(t.Context(), liveRun, &a))
	}
	release, err := writer.LockRun(liveRun)
	must(t, err)
	add("ext4", tests[0], outcome.Pass, outcome.Snapshot)
	list := browsertest.Open(t, address+"/#/run/"+liveRun)
	list.Until(`document.querySelectorAll(".tests tbody tr").length === 1`)
	list.Is(`document.querySelector(".progress-text").textContent.startsWith("1 of 8 cells (12 %)")`, true)
	list.Accessible("paged run in progress")
	list.Type("#find", "punch")
	list.Click(`.tests tbody a`)
	list.Until(`document.querySelectorAll(".matrix a").length === 1`)
	list.Is(`document.querySelector("main").innerText.includes("Only the cells of 1 test. All tests")`, true)
	list.Is(`location.hash`, "#/run/"+liveRun+"?test=splice.TestPunchHole")
	overview := browsertest.Open(t, address+"/#/run/"+liveRun)
	overview.Until(`document.querySelectorAll(".tests tbody tr").length === 1`)
	overview.Type("#find", "s")
	// What the process of the run estimates, as in the terminal.
	must(t, writer.SetLive(liveRun, results.Live{At: time.Now(), Left: 130 * time.Minute, Rate: 2.5}))
	for _, b := range []browsertest.Tab{list, overview} {
		b.Until(`document.querySelector(".progress-text").textContent.endsWith(" · 2.5 cells/s · 2.2 h left")`)
	}
	must(t, writer.SetLive(liveRun, results.Live{At: time.Now(), Left: 80 * time.Second, Doing: "making a template"}))
	list.Until(`document.querySelector(".progress-text").textContent.endsWith(" · making a template · 80 s left")`)

	// The matrix shows what arrives of its test; the list, of all.
	add("xfs", tests[0], outcome.Fail, outcome.PhantomZero)
	add("xfs", tests[2], outcome.Pass, outcome.Snapshot)
	list.Until(`document.querySelectorAll(".matrix a").length === 2`)
	list.Is(`document.querySelector(".matrix .c-violation a").getAttribute("aria-label")`, "xP fail (phantom-zero)")
	list.Is(`document.getElementById("shown").textContent`, "2 cells")
	list.Until(`document.querySelector("#violations")?.textContent === "Violations: 1"`)
	list.Until(`document.querySelector(".progress-text").textContent.startsWith("3 of 8 cells (37 %)")`)
	overview.Until(`document.querySelectorAll(".tests tbody tr").length === 2`)
	overview.Until(`document.querySelector("#violations")?.textContent === "Violations: 1"`)
	overview.Is(`document.getElementById("find").value + " " + (document.activeElement.id === "find")`, "s true")

	// The end: the views of a finished run.
	must(t, writer.FinishRun(t.Context(), liveRun, time.Now(), ""))
	release()
	for _, b := range []browsertest.Tab{list, overview} {
		b.Until(`document.querySelector(".progress") === null && !document.querySelector(".run")?.innerText.includes("not finished")`)
	}
	list.Until(`document.querySelectorAll(".matrix a").length === 2`)
	overview.Until(`document.querySelectorAll(".tests tbody tr").length === 2`)
	for i, b := range []browsertest.Tab{list, overview} {
		b.Shot(fmt.Sprintf("paged-live-%d", i))
		b.Sound()
	}
}
