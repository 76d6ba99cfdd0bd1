package terminal

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
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
	if err := WriteKernelMap(&b, sampleMap(), Options{Width: 80}); err != nil {
		t.Fatal(err)
	}
	want := `             5.10 6.1  6.12
s.TestA ext4 !    .
s.TestA xfs  S    -S L F

! crash, - skip, . pass, F foreign, L live, S snapshot; one column per kernel, oldest first

s.TestA ext4: crash until 5.10.1, pass from 6.1.1
s.TestA xfs: snapshot until 6.1.2, live from 6.1.4
s.TestA xfs: live until 6.1.4, foreign from 6.12.1<b>
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
	if err := WriteKernelMap(&b, long, Options{Width: 40}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(strings.SplitAfter(b.String(), "\n\n! crash")[0]) {
		if len([]rune(strings.TrimSuffix(line, "\n"))) > 40 {
			t.Errorf("too wide: %q", line)
		}
	}
	b.Reset()
	if err := WriteKernelMap(&b, sampleMap(), Options{Width: 80, Color: true}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\x1b[1;31mF\x1b[0m") || !strings.Contains(b.String(), "\x1b[32mS\x1b[0m") {
		t.Errorf("colours: %q", b.String())
	}
}

func TestKernelMapEmpty(t *testing.T) {
	var b strings.Builder
	if err := WriteKernelMap(&b, history.NewKernelMap(nil, nil), Options{}); err != nil || b.String() != "no cells to show\n" {
		t.Errorf("%q %v", b.String(), err)
	}
}
