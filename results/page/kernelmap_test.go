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
		`<th scope="col" class="first" title="6.1.2"><span>.2</span><wbr></th><th scope="col" title="6.1.4"><span>.4</span><wbr></th>`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(b.String(), "<b>") || strings.Contains(b.String(), "TestControl") {
		t.Error("something unescaped, or a control cell")
	}
}

// TestKernelMapHeads: a head never breaks inside a version.
func TestKernelMapHeads(t *testing.T) {
	for release, want := range map[string]string{
		"5.10.0-46-cloud-amd64": ".0-46", "6.12.118+deb13-cloud-amd64": ".118", "7.3-rc2-cloud-amd64": "-rc2", "6.12": "6.12",
		"6.12.9-next-20261120-cloud-amd64": ".9", "mine": "mine", "6.1.175-amd64": ".175", "6.12.9+deb13-arm64-16k": ".9",
	} {
		k := results.KernelOf(release)
		m := history.NewKernelMap([]history.MapKernel{{Release: release, Series: k.Series()}}, nil)
		if got := strings.Join(columnHead(m, 0), "|"); got != want {
			t.Errorf("%s: %q, want %q", release, got, want)
		}
	}
	// Two packages of one version.
	m := history.NewKernelMap([]history.MapKernel{{Release: "6.12.9+bpo12-cloud-amd64", Series: "6.12"}, {Release: "6.12.9+deb13-cloud-amd64", Series: "6.12"}}, nil)
	if got := strings.Join(columnHead(m, 1), "|"); got != ".9|+deb13" {
		t.Errorf("the second package of a version: %q", got)
	}
}
