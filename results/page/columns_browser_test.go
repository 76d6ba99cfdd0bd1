package page

import (
	"fmt"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/browsertest"
)

// debianCells are cells of two of Debian's kernels, of which one has a name that
// is not its upstream version.
func debianCells(t *testing.T, filesystems ...string) []results.Cell {
	t.Helper()
	old, err := kernelversion.Parse("5.10.262")
	must(t, err)
	var cells []results.Cell
	add := func(kernel, fs, test string, version kernelversion.Version, v outcome.Verdict, o outcome.Outcome) {
		cells = append(cells, results.FromAttempts([]results.Attempt{{CellKey: results.CellKey{Kernel: kernel, FS: fs, Test: test}, Version: version, N: 1, Verdict: v, Outcome: o, Kind: outcome.Invariant}}))
	}
	for _, fs := range filesystems {
		add("5.10.0-46-cloud-amd64", fs, "splice.TestA", old, outcome.Pass, outcome.Snapshot)
		add("6.12.118+deb13-cloud-amd64", fs, "splice.TestA", kernelversion.Version{}, outcome.Fail, outcome.PhantomZero)
		add("6.12.118+deb13-cloud-amd64", fs, "splice.TestControl/oracle", kernelversion.Version{}, outcome.Pass, outcome.ConsumerWrite)
	}
	results.Sort(cells)
	return cells
}

// Names of filesystems are horizontal and complete, and no version of a kernel is
// cut: a part of it is another version.
func TestHeadingsInBrowser(t *testing.T) {
	t.Parallel()
	const long = "ext4-with-a-name-that-nobody-would-want-to-read-twice"
	for name, filesystems := range map[string][]string{"one": {"xfs"}, "many": {"btrfs", "ext4-1k-nodelalloc", "overlay-xfs", "tmpfs", long}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := browsertest.Open(t, "file://"+writeFile(t, "headings-"+name+".html", sampleRun("headings"), debianCells(t, filesystems...), fakeSource{}))
			for _, width := range []int64{1280, 640, 390} {
				b.Size(width, 800)
				b.Settle()
				b.Is(`document.documentElement.scrollWidth <= innerWidth`, true)
				// The matrix itself scrolls: at its right end are the last columns.
				browsertest.Eval[any](b, `document.querySelector(".matrix").scrollLeft = 1e6; 0`)
				b.Settle()
				b.Is(`[...document.querySelectorAll(".matrix .fs span")].filter(e => getComputedStyle(e).writingMode !== "horizontal-tb" || e.scrollWidth > e.clientWidth && !e.textContent.startsWith("ext4-with")).map(e => e.textContent).join()`, "")
				b.Is(`[...document.querySelectorAll(".matrix .version, .matrix .package")].filter(e => { const r = e.getBoundingClientRect(), band = e.closest(".kernel").getBoundingClientRect();
					return r.width > band.width || r.bottom > band.bottom || e.getClientRects().length > 1 || e.scrollWidth > Math.ceil(r.width); }).map(e => e.textContent).join()`, "")
				b.Is(`new Set([...document.querySelectorAll(".matrix .body .cell")].map(e => e.getBoundingClientRect().height)).size`, 1)
				b.Shot(fmt.Sprintf("headings-%s-%d", name, width))
			}
			b.Is(`[...document.querySelectorAll(".matrix .kernel")].map(e => e.innerText.replace(/\s+/g, " ").trim()).join("|")`, "5.10.262 5.10.0-46|6.12.118+deb13")
			if name == "many" {
				b.Is(`[...document.querySelectorAll(".matrix .fs")].find(e => e.textContent.startsWith("ext4-with")).title`, "5.10.0-46-cloud-amd64 "+long)
			}
			b.Accessible("headings")
			b.Sound()
		})
	}
}

// Below a heading is the cell of its column, wherever the matrix is scrolled to.
func TestColumnsOfDifferentWidthsInBrowser(t *testing.T) {
	t.Parallel()
	var cells []results.Cell
	for i := range 60 {
		a := results.Attempt{CellKey: results.CellKey{Kernel: "6.1.1", FS: fmt.Sprintf("fs%d%s", i, strings.Repeat("-long", i%4)), Test: "s.TestA"}, N: 1, Verdict: outcome.Pass, Kind: outcome.Invariant}
		if i%2 == 1 {
			a.Verdict = outcome.Fail
		}
		cells = append(cells, results.FromAttempts([]results.Attempt{a}))
	}
	results.Sort(cells)
	b := browsertest.Open(t, "file://"+writeFile(t, "widths.html", sampleRun("widths"), cells, fakeSource{}))
	b.Keys("m", "\x1b")
	for _, at := range []int{0, 700, 1900, 1e6} {
		browsertest.Eval[any](b, fmt.Sprintf(`document.querySelector(".matrix").scrollLeft = %d; 0`, at))
		b.Settle()
		b.Is(`(() => { const m = document.querySelector(".matrix").getBoundingClientRect(), heads = [...document.querySelectorAll(".matrix .fs")];
			const wrong = [...document.querySelectorAll(".matrix .row.test .cell")].filter(e => { const r = e.getBoundingClientRect();
				const head = heads.find(h => h.getAttribute("aria-colindex") === e.getAttribute("aria-colindex")), q = head?.getBoundingClientRect();
				return !head || q.left !== r.left || q.width !== r.width || (/fs\d*[13579]\b/.test(head.textContent)) !== e.classList.contains("v-fail"); });
			const label = document.querySelector(".matrix .label").getBoundingClientRect(), covered = [...document.querySelectorAll(".matrix .row.test .cell")].map(e => e.getBoundingClientRect());
			for (let x = label.right + 3; x < m.right - 20; x += 5) if (!covered.some(r => r.left <= x && x < r.right)) wrong.push(x);
			return wrong.length; })()`, 0)
	}
	b.Sound()
}

// The block of violations names the upstream version first, then the package; so
// does the strip of kernels in words.
func TestViolationsNameVersionsInBrowser(t *testing.T) {
	t.Parallel()
	b := browsertest.Open(t, "file://"+writeFile(t, "versions.html", sampleRun("versions"), debianCells(t, "ext4", "xfs"), fakeSource{}))
	b.Is(`[...document.querySelectorAll(".violation .name")].map(e => e.textContent).join("|")`, "6.12.118+deb13|5.10.262 (5.10.0-46)")
	b.Is(`document.querySelector(".violation .name b").textContent`, "6.12.118")
	b.Is(`document.querySelector(".timeline").getAttribute("aria-label")`, "First bad kernel: 6.12.118. Has it: 6.12.118. Ran without it: 5.10.262")
	b.Sound()
}

// The outcome of a control is known by construction: like the terminal, the
// outcomes leave it out.
func TestOutcomesLeaveOutControlsInBrowser(t *testing.T) {
	t.Parallel()
	cells := debianCells(t, "ext4", "xfs")
	url := "file://" + writeFile(t, "controls.html", sampleRun("controls"), cells, fakeSource{})
	b := browsertest.Open(t, url)
	b.Is(`[...document.querySelectorAll("[aria-label=outcomes] button")].map(e => e.textContent).join("|")`, "S 2 snapshot|P 2 phantom-zero")
	// One that fails is no control's business: it is counted.
	for i := range cells {
		if results.IsControl(cells[i].Test) && cells[i].FS == "xfs" {
			cells[i].Verdict = outcome.Fail
		}
	}
	b.To("file://" + writeFile(t, "failed-control.html", sampleRun("controls"), cells, fakeSource{}))
	b.Click(`[aria-label=outcomes] .o-consumer-write`)
	b.Until(`document.getElementById("shown").textContent === "1 of 6 cells"`)
	b.Sound()
}
