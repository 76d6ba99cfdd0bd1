package terminal

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/resultstest"
)

// wideText is a run whose names are of characters that are two columns wide.
func wideText() []results.Cell {
	var cells []results.Cell
	for i, kernel := range []string{"6.1.0-漢字", "6.12.0-漢字"} {
		for j, fs := range []string{"日本語ファイルシステム", "ext4"} {
			for k, test := range []string{"套件.Test寫入/大的乾淨的頁面", "套件.Test寫入/小的乾淨的頁面", "套件.Test打洞/在頁面裡面而且名字非常非常長所以必須縮短它才放得下"} {
				o := []outcome.Outcome{outcome.Snapshot, outcome.Live, outcome.PhantomZero}[(i+j+k)%3]
				a := resultstest.Attempt(results.CellKey{Kernel: kernel, FS: fs, Test: test}, 1, outcome.Pass.Under(outcome.PolicyAlias, outcome.Characterisation, o), o)
				a.Detail = strings.Repeat("偏移", 60)
				a.Covariates = map[string]string{"source": "檔案系統", "sink": "管道", "p1": string(o), "p4": "漢字"}
				cells = append(cells, results.FromAttempts([]results.Attempt{a}))
				if k == 0 {
					a.Test = "套件.TestPolicy/檔案系統-管道"
					cells = append(cells, results.FromAttempts([]results.Attempt{a}))
				}
			}
		}
	}
	results.Sort(cells)
	return cells
}

// manyFilesystems has more filesystems than fit beside each other.
func manyFilesystems() []results.Cell {
	var cells []results.Cell
	for _, kernel := range []string{"6.1.9-a", "6.1.9-b", "custom-build-of-a-tree-without-a-version-in-its-name"} {
		for i := range 14 {
			for _, test := range []string{"s.TestA", "s.TestB/one", "s.TestB/two", "s.TestB/three"} {
				o := outcome.All[i]
				a := resultstest.Attempt(results.CellKey{Kernel: kernel, FS: fmt.Sprint("filesystem-", i), Test: test}, 1, outcome.Pass.Under(outcome.PolicySnapshot, outcome.Characterisation, o), o)
				cells = append(cells, results.FromAttempts([]results.Attempt{a}))
			}
		}
	}
	results.Sort(cells)
	return cells
}

// TestNothingIsBeyondTheWidth draws everything at several widths.
func TestNothingIsBeyondTheWidth(t *testing.T) {
	sample, sampleCells := resultstest.Sample()
	hostile, hostileCells, _ := resultstest.HostileRun()
	standard, standardCells := defaultRun(t, outcome.PolicySnapshot)
	for name, of := range map[string]struct {
		run   results.Run
		cells []results.Cell
	}{
		"sample": {sample, sampleCells}, "hostile": {hostile, hostileCells}, "default": {standard, standardCells},
		"wide": {resultstest.Run("漢字", 0), wideText()}, "filesystems": {resultstest.Run("many", 0), manyFilesystems()},
		"vectors": {resultstest.Run("vectors", 0), resultstest.VectorCells()},
	} {
		var steady history.Steadiness
		steady.Add(of.cells, resultstest.BadVerdict)
		steady.Add(results.Show(of.cells, outcome.PolicySnapshot), resultstest.BadVerdict)
		kernels := []history.MapKernel{}
		for _, r := range results.Releases(of.cells) {
			kernels = append(kernels, history.MapKernel{Release: r.Name, Series: r.Series()})
		}
		m := history.NewKernelMap(kernels, of.cells)
		d := compare.Diff(results.Show(of.cells[:len(of.cells)/2], outcome.PolicySnapshot), of.cells[len(of.cells)/3:])
		for what, write := range map[string]func(io.Writer, Options) error{
			"matrix":  func(w io.Writer, o Options) error { return WriteMatrix(w, of.run, of.cells, o) },
			"full":    func(w io.Writer, o Options) error { o.Full = true; return WriteMatrix(w, of.run, of.cells, o) },
			"vectors": func(w io.Writer, o Options) error { return WriteVectors(w, of.cells, o) },
			"diff":    func(w io.Writer, o Options) error { return WriteDiff(w, of.run, of.run, d, o) },
			"map":     func(w io.Writer, o Options) error { return WriteKernelMap(w, m, "splicelab results map", o) },
			"flaky":   func(w io.Writer, o Options) error { return WriteSteadiness(w, &steady, 0, o) },
			"timing":  func(w io.Writer, o Options) error { return WriteTiming(w, of.run, of.cells, o) },
		} {
			for _, width := range []int{40, 60, 61, 80, 120, 200} {
				var plain, colour bytes.Buffer
				resultstest.Must(t, write(&plain, Options{Width: width}))
				resultstest.Must(t, write(&colour, Options{Width: width, Color: true}))
				for line := range strings.Lines(plain.String()) {
					if w := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); w > width {
						t.Errorf("%s of %s, width %d: a line of %d: %s", what, name, width, w, line)
						break
					}
				}
				if stripped := strip(colour.String()); stripped != plain.String() {
					t.Errorf("%s of %s, width %d: colours change the text:\n%s", what, name, width, stripped)
				}
			}
		}
	}
}

// strip removes colours.
func strip(s string) string {
	var b strings.Builder
	for {
		text, rest, found := strings.Cut(s, "\x1b[")
		b.WriteString(text)
		if !found {
			return b.String()
		}
		_, s, _ = strings.Cut(rest, "m")
	}
}

// TestVersionsAreWhole: no layout breaks a kernel's version, or ends it early.
func TestVersionsAreWhole(t *testing.T) {
	r, cells := defaultRun(t, outcome.PolicyAlias)
	for width := 40; width <= 200; width++ {
		var b strings.Builder
		resultstest.Must(t, WriteMatrix(&b, r, cells, Options{Width: width}))
		for _, k := range defaultKernels {
			found := false
			for word := range strings.FieldsSeq(b.String()) {
				word = strings.Trim(word, "(),;:")
				if rest, ok := strings.CutPrefix(word, k.version); ok && (rest == "" || rest[0] == '+') {
					found = true
				}
				if strings.HasPrefix(k.version, word) && len(word) > 4 && word != k.version {
					t.Errorf("width %d: %s is cut to %s", width, k.version, word)
				}
			}
			if !found {
				t.Errorf("width %d: no %s in\n%s", width, k.version, b.String())
			}
		}
	}
}
