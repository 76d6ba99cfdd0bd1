package page

import (
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
)

func mapCell(kernel, fs, test string, v outcome.Verdict, o outcome.Outcome) results.Cell {
	return results.Cell{Attempt: results.Attempt{CellKey: results.CellKey{Kernel: kernel, FS: fs, Test: test}, Verdict: v, Outcome: o}}
}

func TestKernelMapHTML(t *testing.T) {
	m := history.NewKernelMap([]history.MapKernel{{Release: "5.10.1", Series: "5.10"}, {Release: "6.1.2", Series: "6.1"}, {Release: "6.1.4", Series: "6.1"}, {Release: "6.12.1<b>", Series: "6.12"}}, []results.Cell{
		mapCell("5.10.1", "xfs", "s.TestA", outcome.Pass, outcome.Snapshot),
		mapCell("6.1.2", "xfs", "s.TestA", outcome.Pass, outcome.Snapshot),
		mapCell("6.1.4", "xfs", "s.TestA", outcome.Fail, outcome.Live),
		mapCell("6.12.1<b>", "xfs", "s.TestA", outcome.Fail, outcome.Foreign),
		mapCell("5.10.1", "ext4", "splice.TestControl/oracle", outcome.Pass, outcome.Snapshot),
	})
	var b strings.Builder
	if err := WriteKernelMap(&b, m, "A <map>"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<title>A &lt;map&gt;</title>", `<th scope="colgroup" class="first" colspan="2">6.1</th>`, `title="6.1.4: live">L</td>`,
		`class="o-foreign c-violation first" title="6.12.1&lt;b&gt;: foreign">F`, "snapshot until 6.1.2, live from 6.1.4",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(b.String(), "<b>") || strings.Contains(b.String(), "TestControl") {
		t.Error("something unescaped, or a control cell")
	}
}
