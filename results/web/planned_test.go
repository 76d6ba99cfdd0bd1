// The browser is a process of its own: the race detector would only slow the
// test down.
//go:build !race

package web

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/browsertest"
)

// A run in progress shows its planned kernels before it has a cell, and each of
// its numbers once.
func TestPlannedKernelsInBrowser(t *testing.T) {
	t.Parallel()
	path := storePath(t)
	writer := sampleStore(t, path)
	planned := func(context.Context, results.Run) (columns []results.Cell) {
		for _, k := range kernels {
			for _, fs := range filesystems {
				columns = append(columns, results.Cell{Attempt: results.Attempt{CellKey: results.CellKey{Kernel: k, FS: fs}}})
			}
		}
		return columns
	}
	address, _ := serving(t, testServer(t, Config{Store: openStore(t, path), Loopback: true, Planned: planned}, quick))
	release, err := writer.LockRun(liveRun)
	must(t, err)
	defer release()
	b := browsertest.Open(t, address+"/#/run/"+liveRun)
	b.Until(`document.querySelectorAll(".matrix .fs").length === 6`)
	b.Is(`[...document.querySelectorAll(".matrix .kernel")].map(e => e.title).join()`, kernels[0]+","+kernels[1]+","+kernels[2])
	b.Is(`document.querySelectorAll(".matrix .cell").length`, 0)
	a := attempt(kernels[2], "xfs", tests[2], 1, outcome.Crash, outcome.None)
	a.Finished = time.Now()
	must(t, writer.AddAttempt(t.Context(), liveRun, &a))
	b.Until(`document.querySelectorAll(".matrix .cell > a").length === 1 && document.querySelectorAll(".violation").length === 1`)
	b.Is(`document.querySelectorAll(".matrix .fs").length`, 6)
	b.Is(`document.querySelectorAll(".progress .badge").length`, 0)
	b.Is(`[...document.querySelectorAll(".chip")].map(e => e.textContent.trim()).join()`, "x 1 violation,!! 1 crash,– 1 none")
	// A filter by results leaves out what has none.
	b.Click(`[aria-label=classes] button`)
	b.Until(`document.querySelectorAll(".matrix .fs").length === 1`)
	b.Shot("planned-1280")
	b.Accessible("planned")
	b.Sound()
	// A finished run has no planned columns.
	var doc struct {
		PlannedKernel []int `json:"planned_kernel"`
	}
	must(t, json.Unmarshal(ask(testServer(t, Config{Store: writer, Planned: planned}, quick).Handler(), "GET", "/api/runs/@baseline/cells").Body.Bytes(), &doc))
	if len(doc.PlannedKernel) != 0 {
		t.Errorf("the finished run plans %d columns", len(doc.PlannedKernel))
	}
}
