// The browser is a process of its own: the race detector would only slow the
// test down.
//go:build !race

package web

import (
	"fmt"
	"testing"
	"time"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/browsertest"
)

// mapKernel is a kernel of a map: its release and upstream version.
type mapKernel struct{ release, version string }

// mapAddress serves a finished run of these kernels.
func mapAddress(t *testing.T, all []mapKernel) string {
	t.Helper()
	path := storePath(t)
	s, ctx := openStore(t, path), t.Context()
	run := newRun("20261123-191420-map", 0, len(all)*len(filesystems)*len(tests))
	for _, k := range all {
		of := results.KernelOf(k.release)
		version, err := kernelversion.Parse(k.version)
		must(t, err)
		of.Version = version
		run.Kernels = append(run.Kernels, of)
	}
	must(t, s.BeginRun(ctx, run))
	for i, k := range all {
		for _, fs := range filesystems {
			for n, test := range tests {
				v, o := outcome.Pass, outcome.Snapshot
				if n == 0 && i > len(all)/2 {
					v, o = outcome.Fail, outcome.PhantomZero
				}
				a := attempt(k.release, fs, test, 1, v, o)
				must(t, s.AddAttempt(ctx, run.ID, &a))
			}
		}
	}
	must(t, s.FinishRun(ctx, run.ID, t0.Add(time.Hour), ""))
	address, _ := serving(t, testServer(t, Config{Store: s, Loopback: true}, quick))
	return address
}

// nothingCut is true if every head is horizontal, as wide as its text, and shows
// no part of a version alone on a line.
const nothingCut = `[...document.querySelectorAll(".map thead th")].every(e => e.scrollWidth <= e.clientWidth && [...e.querySelectorAll("span")].every(s =>
	getComputedStyle(s).writingMode === "horizontal-tb" && s.getClientRects().length <= 1))`

const headTexts = `[...document.querySelectorAll(".map thead tr:last-child th.release")].map(e => [...e.querySelectorAll("span:not(.package)")].map(s => s.textContent).join("")).join()`

// The heads of the kernel map are horizontal and whole: the series over its
// columns, the rest of the version over each.
func TestKernelMapHeadsInBrowser(t *testing.T) {
	t.Parallel()
	if arch.Default().Name != "amd64" {
		t.Skip("expects the labels of an amd64 host")
	}
	b := browsertest.Open(t, mapAddress(t, []mapKernel{
		{"5.10.0-46-cloud-amd64", "5.10.262"}, {"6.1.0-56-cloud-amd64", "6.1.175"}, {"6.12.117+deb12-cloud-amd64", "6.12.117"}, {"6.12.117+deb13-cloud-amd64", "6.12.117"},
		{"6.12.118+deb13-cloud-amd64", "6.12.118"}, {"6.18.15+deb13-cloud-amd64", "6.18.15"}, {"7.3-rc2-cloud-amd64", "7.3-rc2"}, {"7.3.4+deb13-cloud-amd64", "7.3.4"},
	})+"/#/map")
	b.Until(`document.querySelector(".map tbody tr") !== null`)
	b.Is(`[...document.querySelectorAll(".map thead tr:first-child th")].map(e => e.textContent + " " + e.colSpan).join()`, "5.10 1,6.1 1,6.12 3,6.18 1,7.3 2")
	b.Is(headTexts, ".262,.175,.117+deb12,.117+deb13,.118,.15,-rc2,.4")
	b.Is(`[...document.querySelectorAll(".map.packages .package")].map(e => e.textContent).join()`, "5.10.0-46,6.1.0-56,+deb13,+deb13,+deb13")
	b.Is(nothingCut, true)
	b.Is(`[...document.querySelectorAll("ul.changes li")].every(e => e.textContent.includes(" on 6.12.118+deb13") && !e.textContent.includes("amd64"))`, true)
	// The cell under the pointer, and that with the focus, is named in full.
	browsertest.Eval[any](b, `document.querySelector(".map tbody tr td:nth-child(2) a").focus()`)
	b.Until(`document.querySelector(".map-note").textContent === "5.10.262 (5.10.0-46): pass (snapshot)"`)
	b.Is(`[...document.querySelectorAll(".map th.here")].map(e => e.title).join()`, "5.10.0-46-cloud-amd64")
	b.Shot("map-8-kernels")
	b.Accessible("map of 8 kernels")
	b.Size(390, 800)
	b.Settle()
	b.Is(`document.querySelector(".map").classList.contains("packages")`, false)
	b.Is(nothingCut, true)
	b.Is(`document.documentElement.scrollWidth <= innerWidth`, true)
	b.Shot("map-8-kernels-390")
	b.Sound()
}

// A map of many kernels scrolls below its head; the head of a series stays in
// sight above its columns.
func TestWideKernelMapInBrowser(t *testing.T) {
	t.Parallel()
	var all []mapKernel
	for i := range 65 {
		version := fmt.Sprintf("%s.%d", []string{"5.10", "6.1", "6.12", "6.18"}[i/17], 100+i%17)
		all = append(all, mapKernel{version + "+deb13-cloud-arm64", version})
	}
	if arch.Default().Name == "arm64" {
		t.Skip("expects that arm64 is another architecture")
	}
	b := browsertest.Open(t, mapAddress(t, all)+"/#/map")
	b.Until(`document.querySelector(".map tbody tr") !== null`)
	b.Is(`document.querySelectorAll(".map th.release").length`, 65)
	// The only flavour is not the default one: it is named, above all.
	b.Is(`[...document.querySelectorAll(".map thead tr:first-child th")].map(e => e.textContent + " " + e.colSpan).join()`, "cloud-arm64 65")
	b.Is(`[...document.querySelectorAll(".map thead tr:nth-child(2) th")].map(e => e.textContent + " " + e.colSpan).join()`, "5.10 17,6.1 17,6.12 17,6.18 14")
	b.Is(nothingCut, true)
	b.Is(`document.querySelector(".map").classList.contains("packages")`, false)
	b.Is(`[...document.querySelectorAll(".map .package")].every(e => !e.getClientRects().length)`, true)
	b.Shot("map-65-kernels")
	browsertest.Eval[any](b, `document.querySelector(".map").scrollLeft = 300`)
	b.Settle()
	b.Is(`(() => { const names = document.querySelector(".map tbody th").getBoundingClientRect().right, series = document.querySelector(".map thead tr:nth-child(2) th span").getBoundingClientRect();
		return series.left >= names && series.left < names + 20; })()`, true)
	b.Is(`document.querySelector(".map thead").getBoundingClientRect().top === document.querySelector(".map").getBoundingClientRect().top + 1`, true)
	b.Shot("map-65-kernels-scrolled")
	b.Sound()
}
