package terminal

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/resultstest"
)

func mapCell(kernel, fs, test string, v outcome.Verdict, o outcome.Outcome) results.Cell {
	return results.Cell{Attempt: results.Attempt{CellKey: results.CellKey{Kernel: kernel, FS: fs, Test: test}, Verdict: v, Outcome: o}}
}

func sampleMap() history.KernelMap {
	kernels := []history.MapKernel{{Release: "5.10.1", Series: "5.10"}, {Release: "6.1.1", Series: "6.1"}, {Release: "6.1.2", Series: "6.1"}, {Release: "6.1.3", Series: "6.1"}, {Release: "6.1.4", Series: "6.1"}, {Release: "6.12.1<b>", Series: "6.12"}}
	return history.NewKernelMap(kernels, []results.Cell{
		mapCell("5.10.1", "xfs", "s.TestA", outcome.Pass, outcome.Snapshot),
		mapCell("6.1.1", "xfs", "s.TestA", outcome.Skip, outcome.None), // inconclusive
		mapCell("6.1.2", "xfs", "s.TestA", outcome.Pass, outcome.Snapshot),
		mapCell("6.1.3", "xfs", "s.TestA", outcome.Infra, outcome.None), // inconclusive
		mapCell("6.1.4", "xfs", "s.TestA", outcome.Fail, outcome.Live),
		mapCell("6.12.1<b>", "xfs", "s.TestA", outcome.Fail, outcome.Foreign),
		mapCell("5.10.1", "ext4", "s.TestA", outcome.Crash, outcome.None),
		mapCell("6.1.1", "ext4", "s.TestA", outcome.Pass, outcome.None),
		mapCell("5.10.1", "ext4", "splice.TestControl/oracle", outcome.Pass, outcome.Snapshot),
		mapCell("9.9", "ext4", "s.TestA", outcome.Pass, outcome.None), // not in any column
	})
}

func TestKernelMapText(t *testing.T) {
	var b strings.Builder
	if err := WriteKernelMap(&b, sampleMap(), "", Options{Width: 80}); err != nil {
		t.Fatal(err)
	}
	want := `s.Test…      5.10 6.1  6.12
A       ext4 !    .
A       xfs  S    -S L F

! crash  - skip  . pass  F foreign  L live  S snapshot
one column per kernel, oldest first

5.10.1 -> 6.1.1
  crash -> pass: A on ext4

6.1.2 -> 6.1.4
  snapshot -> live: A on xfs

6.1.4 -> 6.12.1<b>
  live -> foreign: A on xfs
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
	// On a narrow terminal the series are split into blocks, each with its rows.
	b.Reset()
	long := sampleMap()
	for i := range long.Rows {
		long.Rows[i].Test = "suite.TestOfARatherLongName"
	}
	if err := WriteKernelMap(&b, long, "", Options{Width: 40}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if visible(strings.TrimSuffix(line, "\n")) > 40 {
			t.Errorf("too wide: %q", line)
		}
	}
	b.Reset()
	if err := WriteKernelMap(&b, sampleMap(), "", Options{Width: 80, Color: true}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\x1b[1;38;5;196mF\x1b[0m") || !strings.Contains(b.String(), "\x1b[32mS\x1b[0m") {
		t.Errorf("colours: %q", b.String())
	}
}

func TestKernelMapEmpty(t *testing.T) {
	var b strings.Builder
	if err := WriteKernelMap(&b, history.NewKernelMap(nil, nil), "", Options{}); err != nil || b.String() != "no cells to show\n" {
		t.Errorf("%q %v", b.String(), err)
	}
}

// largeMap has tests with twelve subtests each on three filesystems, and one that
// changes.
func largeMap(tests int) history.KernelMap {
	var kernels []history.MapKernel
	for i := range 90 {
		series := fmt.Sprintf("6.%d", i/9)
		kernels = append(kernels, history.MapKernel{Release: fmt.Sprintf("%s.%d", series, i%9+1), Series: series})
	}
	var cells []results.Cell
	for i := range tests {
		for sub := range 12 {
			for _, fs := range []string{"btrfs", "ext4", "xfs"} {
				for at, k := range kernels {
					v, o := outcome.Pass, outcome.Snapshot
					switch {
					case i == tests-1 && at >= 40 && fs == "xfs" && sub < 2:
						v, o = outcome.Fail, outcome.PhantomZero
					case i == tests-2 && at >= 10, sub == 11:
						o = outcome.Live
					}
					cells = append(cells, mapCell(k.Release, fs, fmt.Sprintf("s.Test%03d/sub-%d", i, sub), v, o))
				}
			}
		}
	}
	return history.NewKernelMap(kernels, cells)
}

// TestLargeKernelMap: a map of any size is drawn, what changes first, in pages.
func TestLargeKernelMap(t *testing.T) {
	m := largeMap(20) // 720 rows
	resultstest.Golden(t, "map-large.txt", func(w *bytes.Buffer) error {
		return WriteKernelMap(w, m, "splicelab results map", Options{Rows: 5})
	})
	resultstest.Golden(t, "map-large-60.txt", func(w *bytes.Buffer) error {
		return WriteKernelMap(w, m, "splicelab results map", Options{Rows: 3, Width: 60, Page: 2})
	})
	resultstest.Golden(t, "map-large-120.txt", func(w *bytes.Buffer) error {
		return WriteKernelMap(w, m, "", Options{Rows: 3, Width: 120, Color: true})
	})
	// Pages are disjoint and have everything.
	seen := map[string]int{}
	groups := len(m.Groups())
	for page := 1; page <= (groups+4)/5; page++ {
		k := newKernelMap(m, Options{Rows: 5, Page: page, Width: 80})
		for _, g := range k.groups[k.first:k.last] {
			seen[k.name(g)+k.on(g)]++
		}
	}
	for name, n := range seen {
		if n != 1 {
			t.Errorf("%s is on %d pages", name, n)
		}
	}
	if len(seen) != groups {
		t.Errorf("%d of %d rows are on some page", len(seen), groups)
	}
	var b strings.Builder
	if err := WriteKernelMap(&b, m, "x", Options{Rows: 5, Page: 1000}); err != nil || strings.Contains(b.String(), "the next") {
		t.Errorf("beyond the last page: %v\n%s", err, b.String())
	}
}

// TestKernelMapOfOneFlavour: without its name, readers take it for the default one.
func TestKernelMapOfOneFlavour(t *testing.T) {
	const old, now = "6.12.117+deb13-arm64-16k", "6.12.118+deb13-arm64-16k"
	m := history.NewKernelMap([]history.MapKernel{{Release: old, Series: "6.12"}, {Release: now, Series: "6.12"}}, []results.Cell{
		mapCell(old, "xfs", "s.TestA", outcome.Pass, outcome.Snapshot), mapCell(now, "xfs", "s.TestA", outcome.Fail, outcome.Live),
	})
	var b strings.Builder
	if err := WriteKernelMap(&b, m, "", Options{Width: 120}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one column per kernel, all of flavour arm64-16k, oldest first", "6.12.117+deb13 arm64-16k -> 6.12.118+deb13 arm64-16k"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
