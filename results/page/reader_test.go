package page

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/browsertest"
	"github.com/splicelab/splicelab/results/history"
)

const (
	phantomCell = "/cell/6.12.117%2Bdeb12-cloud-amd64/xfs/splice.TestPunchHoleInPage%2Flarge-clean"
	crashedCell = "/cell/6.18.15%2Bdeb13-cloud-amd64/xfs/splice.TestMmapStore%2Flarge-clean"
	shownText   = `document.getElementById("shown")?.textContent`
)

// chip is the number on the button of a class, a verdict or an outcome.
func chip(group, name string) string {
	return fmt.Sprintf(`Number([...document.querySelectorAll('[aria-label=%s] button')].find(e => e.textContent.endsWith(" %s"))?.querySelector(".n").textContent ?? 0)`, group, name)
}

// The block at the head names each violation of the run with the kernel that has
// it first, and its link shows exactly its cells.
func TestViolationsInBrowser(t *testing.T) {
	t.Parallel()
	r, cells, l := sample()
	run := "#/run/" + r.ID
	b := browsertest.Open(t, "file://"+writeFile(t, "violations.html", r, cells, l))
	doc, names := NewViolations(r, cells), results.NewLabels(results.Releases(cells))
	b.Is(`document.querySelector("#violations").textContent`, fmt.Sprintf("Violations: %d", len(doc.Violations)))
	b.Is(`document.querySelector(".violations").compareDocumentPosition(document.querySelector(".matrix")) & Node.DOCUMENT_POSITION_FOLLOWING`, 4)
	more := func() { browsertest.Eval[any](b, `document.querySelector(".violations > button")?.click(); 0`) }
	more()
	b.Is(`document.querySelectorAll(".violation").length`, len(doc.Violations))
	for i, v := range doc.Violations {
		entry := fmt.Sprintf(`document.querySelectorAll(".violation")[%d]`, i)
		b.Is(entry+`.querySelector("pre.command").textContent`, v.Command)
		b.Is(entry+`.querySelector("p b").textContent`, names.Of(v.Since))
		b.Is(entry+`.querySelectorAll(".timeline span").length`, len(doc.Kernels))
		marks := map[string]string{"violation": "x", "holds": ".", "other": "!", "": ""}
		var want []string
		for _, s := range v.States {
			want = append(want, marks[string(s)])
		}
		b.Is(`[...`+entry+`.querySelectorAll(".timeline span")].map(e => e.textContent).join()`, strings.Join(want, ","))
		b.Is(entry+`.querySelector(".timeline .first").title`, v.Since+": has it")
		b.Is(entry+`.querySelector(".timeline").getAttribute("aria-label").startsWith(`+quoted("First bad kernel: "+names.Of(v.Since)+". Has it: "+strings.Join(names.All(v.Kernels), ", "))+`)`, true)
		b.To(browsertest.Eval[string](b, `location.href.split("#")[0] + `+entry+`.querySelector("a").getAttribute("href")`))
		b.Is(shownText, fmt.Sprintf("%d of %d cells", v.Cells, len(cells)))
		b.Is(chip("classes", "violation"), v.Cells)
		b.To(browsertest.Eval[string](b, `location.href.split("#")[0] + `+quoted(run)))
		more()
	}
	b.Sound()
}

// The switch judges the cells by another policy as the program does, keeps it in
// the address, and needs no document but those of the file.
func TestPolicySwitchInBrowser(t *testing.T) {
	t.Parallel()
	r, cells, l := sample()
	run := "#/run/" + r.ID
	b := browsertest.Open(t, "file://"+writeFile(t, "policy.html", r, cells, l))
	counts := func(p outcome.Policy) {
		t.Helper()
		tally := results.Count(results.Show(cells, p))
		for _, v := range []outcome.Verdict{outcome.Fail, outcome.Crash, outcome.Hang, outcome.BootFail} {
			b.Is(chip("verdicts", string(v)), tally.Verdicts[v])
		}
		for _, c := range outcome.Classes {
			b.Is(chip("classes", string(c)), tally.Classes[c])
		}
	}
	counts(outcome.PolicySnapshot)
	b.Is(`document.querySelectorAll(".matrix .cell.c-deviates")[0].textContent`, "xL")
	b.Click(`[data-policy=alias]`)
	b.Until(`document.querySelector("[data-policy=alias]")?.getAttribute("aria-pressed") === "true"`)
	b.Settle()
	b.Is("location.hash", run+"?policy=alias")
	b.Is(`document.activeElement.textContent`, "alias")
	counts(outcome.PolicyAlias)
	b.Is(`document.querySelectorAll(".matrix .cell.c-deviates")[0].textContent`, ":L")
	// What is left are the problems: the violations and the lab's.
	b.Click(`button.only`)
	problems := 0
	for _, c := range results.Show(cells, outcome.PolicyAlias) {
		if c.Class() == outcome.Violates || c.Verdict.Bad() || c.Verdict == outcome.Infra || c.Flaky != "" || c.Expected == results.XPass {
			problems++
		}
	}
	b.Until(shownText + fmt.Sprintf(` === "%d of 440 cells"`, problems))
	b.Is("location.hash", run+"?problems=&policy=alias")
	// A cell's page keeps the policy.
	b.To(browsertest.Eval[string](b, `location.href.split("#")[0]`) + run + "/cell/7.3.4%2Bdeb13-cloud-amd64/btrfs/splice.TestWrite%2Fsmall-clean?policy=alias")
	b.Is(`document.querySelector("main .badge").textContent`, ":L pass (live)")
	b.Keys(kb.Escape)
	b.Until(shownText + ` === "440 cells"`)
	b.Click(`[data-policy=snapshot]`)
	b.Until(`location.hash === ` + quoted(run))
	b.Settle()
	counts(outcome.PolicySnapshot)
	b.Sound()
}

// Esc goes to the cell that the reader has reached, not the one that was opened.
func TestReachedCellInBrowser(t *testing.T) {
	t.Parallel()
	r, cells, l := sample()
	run := "#/run/" + r.ID
	b := browsertest.Open(t, "file://"+writeFile(t, "reached.html", r, cells, l)+run+phantomCell)
	for range 2 {
		before := browsertest.Eval[string](b, `location.hash`)
		b.Keys("n")
		b.Until(`location.hash !== ` + quoted(before))
		b.Settle()
	}
	reached := browsertest.Eval[string](b, `location.hash`)
	b.Keys(kb.Escape)
	b.Until(`document.querySelector(".matrix") !== null`)
	b.Settle()
	b.Is(`document.activeElement.classList.contains("matrix")`, true)
	b.Is(`document.querySelector(".matrix .active a").getAttribute("href")`, reached)
	b.Sound()
}

// The report has no finding of axe-core, light and dark, nor has the map.
func TestAccessibleReportInBrowser(t *testing.T) {
	t.Parallel()
	r, cells, l := sample()
	l.about = func(string) About {
		return About{Number: "B8", Kind: "characterisation", Doc: "A hole: the bug report of 2023.", Steps: []string{"write", "splice"}, Oracle: "nothing changes", Known: []string{"it does"}}
	}
	url := "file://" + writeFile(t, "accessible.html", r, cells, l)
	var releases []history.MapKernel
	for _, k := range sampleKernels {
		series, _, _ := strings.Cut(k, "-")
		releases = append(releases, history.MapKernel{Release: k, Series: series})
	}
	path := filepath.Join(browsertest.Artefacts(t), "map.html")
	f, err := os.Create(path)
	must(t, err)
	must(t, WriteKernelMap(f, history.NewKernelMap(releases, cells), "Kernel map"))
	must(t, f.Close())
	path, err = filepath.Abs(path)
	must(t, err)
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			b := browsertest.Open(t, url)
			accessible := b.Accessible
			if scheme == "dark" {
				b.Dark()
				accessible = b.Contrast
			}
			run := "#/run/" + r.ID
			for _, view := range []string{url + run, url + run + "?policy=alias&problems=", url + run + "?q=nothing", url + run + phantomCell, url + run + crashedCell, "file://" + path} {
				b.To("about:blank")
				b.To(view)
				browsertest.Eval[any](b, `for (const e of document.querySelectorAll("details.section")) e.open = true; 0`)
				b.Settle()
				accessible(view)
			}
			b.Sound()
		})
	}
}

// At 390 pixels, and at twice the zoom of a window of 1280, nothing is wider than
// the window and every control can be reached.
func TestNarrowReportInBrowser(t *testing.T) {
	t.Parallel()
	r, cells, l := sample()
	url := "file://" + writeFile(t, "small.html", r, cells, l) + "#/run/" + r.ID
	b := browsertest.Open(t, url)
	for _, width := range []int64{390, 640} {
		b.Size(width, 800)
		for _, hash := range []string{"", phantomCell, crashedCell} {
			b.To("about:blank")
			b.To(url + hash)
			b.Is(`document.documentElement.scrollWidth <= innerWidth`, true)
			b.Is(`[...document.querySelectorAll("main a, main button, main input, main summary")].filter(e => e.checkVisibility() && !e.closest(".matrix, .scroll")).
				filter(e => { const r = e.getBoundingClientRect(); return r.left < 0 || r.right > innerWidth; }).map(e => e.textContent).join()`, "")
			b.Shot(fmt.Sprintf("small-%d-%d", width, len(hash)))
		}
	}
	b.Sound()
}

// A pass and a skip are told apart without colours, as by a reader with
// deuteranopia, and a violation is framed.
func TestStatesDifferWithoutColourInBrowser(t *testing.T) {
	t.Parallel()
	r, cells, l := sample()
	b := browsertest.Open(t, "file://"+writeFile(t, "states.html", r, cells, l))
	style := func(selector, property string) string {
		return browsertest.Eval[string](b, `getComputedStyle(document.querySelector(".matrix .cell`+selector+`")).`+property)
	}
	if style(".v-skip", "backgroundImage") == "none" || style(".c-pass", "backgroundImage") != "none" {
		t.Error("a skip is not hatched, or a pass is")
	}
	frames := map[string]bool{}
	for _, class := range []string{".c-violation", ".c-deviates", ".c-pass"} {
		frames[style(class+":not(.expected-fail)", "boxShadow")] = true
	}
	if len(frames) != 3 {
		t.Errorf("violations, deviations and passes have the frames %v", frames)
	}
	b.Is(`getComputedStyle(document.querySelector(".matrix .c-violation")).fontWeight`, 700)
}

// Subtests are one row where they differ only in being skipped.
func TestSkipsFoldInBrowser(t *testing.T) {
	t.Parallel()
	cell := func(kernel, test string, v outcome.Verdict, o outcome.Outcome) results.Cell {
		return results.FromAttempts([]results.Attempt{{CellKey: results.CellKey{Kernel: kernel, FS: "xfs", Test: test}, N: 1, Verdict: v, Outcome: o, Kind: outcome.Characterisation}})
	}
	cells := []results.Cell{
		cell("5.10", "s.TestA/x", outcome.Skip, ""), cell("5.10", "s.TestA/y", outcome.Pass, outcome.Snapshot),
		cell("6.1", "s.TestA/x", outcome.Fail, outcome.Live), cell("6.1", "s.TestA/y", outcome.Skip, ""),
		cell("5.10", "s.TestB/x", outcome.Skip, ""), cell("5.10", "s.TestB/y", outcome.Skip, ""),
		cell("6.1", "s.TestB/x", outcome.Pass, outcome.Snapshot), cell("6.1", "s.TestB/y", outcome.Fail, outcome.Live),
	}
	results.Sort(cells)
	b := browsertest.Open(t, "file://"+writeFile(t, "skips.html", sampleRun("skips"), cells, fakeSource{}))
	b.Is(matrixText+`.join("|")`, "▸A (2 alike but for skips) .S xL|▾B|x -- .S|y -- xL")
	// A skip that was asked for is shown.
	b.To(browsertest.Eval[string](b, `location.href.split("#")[0]`) + "#/run/skips?verdict=skip&test=s.TestA")
	b.Is(matrixText+`.join("|")`, "▾A|x -- xL|y .S --")
}
