package format

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

// flavours is a run on kernels of two architectures, and on one from a file, whose
// release tells nothing.
func flavours() Document {
	cells := resultstest.FlavourCells()
	file := cells[0]
	file.Kernel, file.Platform = "6.18.1-mine", results.Platform{Arch: "arm64", PageSize: 65536}
	cells = append(cells, file)
	results.Sort(cells)
	by := map[results.CellKey][]results.Attempt{}
	for i := range cells {
		by[cells[i].CellKey] = []results.Attempt{cells[i].Attempt}
	}
	return Document{Run: resultstest.Run("r", 0), Cells: cells,
		Attempts: func(k results.CellKey) ([]results.Attempt, error) { return by[k], nil }}
}

var wantPlatforms = map[string]results.Platform{
	"6.1.0-56-cloud-amd64": {Arch: "amd64", Flavour: "cloud-amd64", PageSize: 4096}, "6.12.117+deb13-cloud-amd64": {Arch: "amd64", Flavour: "cloud-amd64", PageSize: 4096},
	"6.1.0-56-cloud-arm64": {Arch: "arm64", Flavour: "cloud-arm64", PageSize: 4096}, "6.12.117+deb13-cloud-arm64": {Arch: "arm64", Flavour: "cloud-arm64", PageSize: 4096},
	"6.12.116+deb13-arm64-16k": {Arch: "arm64", Flavour: "arm64-16k", PageSize: 16384}, "6.12.117+deb13-arm64-16k": {Arch: "arm64", Flavour: "arm64-16k", PageSize: 16384},
	"6.18.1-mine": {Arch: "arm64", PageSize: 65536},
}

func TestPlatformsRoundTrip(t *testing.T) {
	d := flavours()
	for name, write := range map[string]func(*bytes.Buffer) error{
		"junit": func(b *bytes.Buffer) error { return WriteJUnit(b, d) }, "ktap": func(b *bytes.Buffer) error { return WriteKTAP(b, d) },
	} {
		var b bytes.Buffer
		must(t, write(&b))
		in, err := Read(bytes.NewReader(b.Bytes()), ReadOptions{File: name})
		must(t, err)
		got := map[string]results.Platform{}
		for _, a := range in.Attempts {
			got[a.Kernel] = a.Platform
		}
		if diff := cmp.Diff(wantPlatforms, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		// Who names the kernel says that the document is wrong about it.
		in, err = Read(bytes.NewReader(b.Bytes()), ReadOptions{File: name, Kernel: "6.6.1"})
		must(t, err)
		if p := in.Attempts[len(in.Attempts)-1].Platform; p != (results.Platform{}) {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestPlatformsInJSONAndCSV(t *testing.T) {
	d := flavours()
	var b bytes.Buffer
	must(t, WriteJSON(&b, d))
	var doc struct {
		Cells []struct {
			Kernel   string `json:"kernel"`
			Arch     string `json:"arch"`
			Flavour  string `json:"flavour"`
			PageSize int    `json:"page_size"`
		} `json:"cells"`
	}
	must(t, json.Unmarshal(b.Bytes(), &doc))
	got := map[string]results.Platform{}
	for _, c := range doc.Cells {
		got[c.Kernel] = results.Platform{Arch: c.Arch, Flavour: c.Flavour, PageSize: c.PageSize}
	}
	if diff := cmp.Diff(wantPlatforms, got); diff != "" {
		t.Error(diff)
	}
	b.Reset()
	must(t, WriteCSV(&b, d))
	lines, err := csv.NewReader(&b).ReadAll()
	must(t, err)
	for i, c := range d.Cells {
		p := wantPlatforms[c.Kernel]
		want := []string{p.Arch, p.Flavour, map[int]string{4096: "4096", 16384: "16384", 65536: "65536"}[p.PageSize]}
		if diff := cmp.Diff(want, lines[i+1][len(lines[i+1])-3:]); diff != "" {
			t.Errorf("%s: %s", c.Kernel, diff)
		}
	}
}
