package page

import (
	"fmt"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/browsertest"
)

// A cell's page says what its test does, in the words of the suite, and where in
// its bytes what was observed.
func TestCellTellsItsTestInBrowser(t *testing.T) {
	t.Parallel()
	r, cells, l := sample()
	l.about = func(test string) About {
		if test != "splice.TestPunchHoleInPage" {
			return About{}
		}
		return About{Number: "B8", Kind: "characterisation", Doc: "A hole is punched: the bug report of 2023.", Steps: []string{"write a file", "splice it"},
			Oracle: "the pipe has what was spliced", Known: []string{"zeroed since 2.6.17"}}
	}
	url := "file://" + writeFile(t, "told.html", r, cells, l)
	b := browsertest.Open(t, url+"#/run/"+r.ID+phantomCell)
	text := browsertest.Eval[string](b, `document.querySelector("main").innerText`)
	for _, want := range []string{
		outcome.PhantomZero.Meaning(), "violation: forbidden by every policy", "The test (B8)", "write a file", "the pipe has what was spliced", "zeroed since 2.6.17",
		"characterisation: the policy decides which outcomes pass, and none accepts this one", // as tests show has it, not the stored kind
		"first on 6.1.0-56-cloud-amd64, last on 6.18.15+deb13-cloud-amd64, on 3 of 5 kernels",
		"splicelab repro --run " + r.ID + " -o cell.yaml 6.12.117+deb12-cloud-amd64/xfs/splice.TestPunchHoleInPage/large-clean",
		"splicelab repro --bundle cell.tar.zst cell.yaml", "First wrong bytes at offset 0x400 (1024)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	b.Is(`document.querySelector(".about .ref").textContent`, "report of 2023: "+references[0].Subject+", 2023-06-26")
	b.Is(`[...document.querySelectorAll(".about a")].every(a => a.href === `+quoted(references[0].URL)+`)`, true)

	// The bar has the ranges that the detail reports, where they are.
	for _, c := range cells {
		if c.Kernel == sampleKernels[2] && c.FS == "xfs" && c.Test == "splice.TestPunchHoleInPage/large-clean" {
			layout := newLayout(&c.Attempt)
			for i, want := range layout.Ranges {
				rect := `document.querySelectorAll(".bytes > svg rect:not(.whole)")[` + fmt.Sprint(i) + `]`
				b.Is(rect+`.getAttribute("class")`, "o-"+string(want.Outcome))
				b.Is(rect+`.getAttribute("x") * `+fmt.Sprint(layout.Length)+` / 1000`, want.Offset)
				b.Is(rect+`.getAttribute("width") * `+fmt.Sprint(layout.Length)+` / 1000`, want.Length)
			}
			if len(layout.Ranges) != 2 {
				t.Errorf("the sample has the ranges %v", layout.Ranges)
			}
		}
	}
	b.Is(`document.querySelector(".bytes > svg").getAttribute("aria-label").startsWith("Bytes 0 to 0x1000: phantom-zero 0x0 to 0x400 (1,024 bytes); zeroed 0x400 to 0x800 (1,024 bytes); first wrong bytes at 0x400")`, true)
	b.Sound()

	// A test that the suites do not have is shown without.
	b.To(url + "#/run/" + r.ID + crashedCell)
	b.Is(`document.querySelector(".about")`, nil)
	b.Sound()
}

// The pages, the hole, the folio and the slots come from the covariates.
func TestByteBarInBrowser(t *testing.T) {
	t.Parallel()
	a := results.Attempt{CellKey: results.CellKey{Kernel: "6.1", FS: "xfs", Test: "s.TestA"}, N: 1, Verdict: outcome.Fail, Outcome: outcome.Live, Kind: outcome.Characterisation,
		Detail: "live 4096+4096 of 16384", Covariates: map[string]string{"page_size": "4096", "folio_order": "1", "pipe_size": "65536", "hole": "4096+2048"}}
	cells := []results.Cell{results.FromAttempts([]results.Attempt{a})}
	b := browsertest.Open(t, "file://"+writeFile(t, "bytes.html", sampleRun("bytes"), cells, fakeSource{})+"#/run/bytes/cell/6.1/xfs/s.TestA")
	b.Is(`document.querySelectorAll(".bytes line.page").length`, 3)
	b.Is(`document.querySelector(".bytes .folio").getAttribute("width")`, 500)
	b.Is(`["x", "width"].map(a => +document.querySelector(".bytes .hole").getAttribute(a)).join()`, "250,125")
	b.Is(`document.querySelectorAll(".bytes .slot").length`, 4)
	b.Is(`[...document.querySelectorAll(".bytes .key li")].map(e => e.textContent.trim()).join("; ")`,
		"live 0x1000 to 0x2000 (4,096 bytes); hole 0x1000 to 0x1800 (2,048 bytes); 4 pages of 4096 bytes; the first page is in a folio of 0x2000 bytes; 4 of 16 slots of the pipe")
	b.Accessible("bytes")
	b.Shot("bytes")
	b.Sound()
}
