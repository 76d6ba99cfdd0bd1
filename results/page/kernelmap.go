package page

import (
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"regexp"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
)

//go:embed kernelmap.html
var kernelMapTemplate string

// WriteKernelMap writes the map as one self-contained HTML page.
func WriteKernelMap(w io.Writer, m history.KernelMap, title string) error {
	t, err := template.New("map").Funcs(template.FuncMap{
		"letter": history.Letter, "shown": history.Shown, "clean": sanitize.Line,
		"release": func(i int) string { return sanitize.Line(m.Kernels[i].Release) },
		"class": func(c *results.Cell) string {
			if c == nil {
				return "none"
			}
			return colourClass(c.Verdict, c.Outcome, c.Class()) + " c-" + string(c.Class())
		},
		"palette": func() template.CSS { return template.CSS(colours()) }, //nolint:gosec // our own text
		"name": func(g history.MapGroup) string {
			test, on := g.Test, strings.Join(g.Filesystems, ", ")
			if n := len(g.Tests); n > 1 {
				test, _, _ = strings.Cut(test, "/")
				test = fmt.Sprintf("%s (%d alike)", test, n)
			}
			return sanitize.Line(test + " " + on)
		},
		"all":  func(g history.MapGroup) string { return sanitize.Line(strings.Join(g.Tests, ", ")) },
		"head": func(i int) []string { return columnHead(m, i) },
		// A rule separates the series.
		"first": func(i int) bool { return startsSeries(m, i) },
	}).Parse(kernelMapTemplate)
	if err != nil {
		return err
	}
	var flavours, series []mapSpan
	for i, k := range m.Kernels {
		if i == 0 || m.Kernels[i-1].Flavour != k.Flavour {
			flavours = append(flavours, mapSpan{sanitize.Line(k.Flavour), 0})
		}
		if startsSeries(m, i) {
			series = append(series, mapSpan{k.Series, 0})
		}
		flavours[len(flavours)-1].N++
		series[len(series)-1].N++
	}
	if !m.Named() {
		flavours = nil
	}
	return t.Execute(w, struct {
		history.KernelMap
		Folded           []history.MapGroup
		Title            string
		Flavours, Series []mapSpan
	}{m, m.Groups(), sanitize.Line(title), flavours, series})
}

// mapSpan is a head over some columns of a map.
type mapSpan struct {
	Name string
	N    int
}

func startsSeries(m history.KernelMap, i int) bool {
	return i == 0 || m.Kernels[i].Series != m.Kernels[i-1].Series || m.Kernels[i].Flavour != m.Kernels[i-1].Flavour
}

// breaks are the places in a label between parts that are names of their own. A
// part of a version is another version.
var breaks = regexp.MustCompile(`[+ ]|-[A-Za-z]`)

// columnHead is what heads a column below those of its flavour and series.
func columnHead(m history.KernelMap, i int) []string {
	k := m.Kernels[i]
	label := strings.TrimSuffix(m.Labels.Of(k.Release), " "+sanitize.Line(k.Flavour))
	if rest, ok := strings.CutPrefix(label, k.Series); ok && rest != "" && strings.ContainsRune(".-+~", rune(rest[0])) {
		label = rest
	}
	parts, from := []string{}, 0
	for _, at := range breaks.FindAllStringIndex(label, -1) {
		if at[0] > from && !strings.HasPrefix(label[at[0]:], "-rc") {
			parts, from = append(parts, label[from:at[0]]), at[0]
		}
	}
	return append(parts, label[from:])
}

// NewMap is the document of a map; from is the run of each cell. Folded, rows that
// are alike are one, and those that change come first.
func NewMap(m history.KernelMap, from map[results.CellKey]string, fold bool) Map {
	doc := Map{Kernels: []MapKernel{}, Rows: []MapRow{}, Flavours: m.Named()}
	for i, k := range m.Kernels {
		doc.Kernels = append(doc.Kernels, MapKernel{
			Release: k.Release, Series: k.Series, Flavour: sanitize.Line(k.Flavour),
			Label: m.Labels.Of(k.Release), Package: m.Labels.Package(k.Release), Head: columnHead(m, i),
		})
	}
	add := func(row history.MapRow, tests, filesystems []string) {
		one := MapRow{Test: row.Test, FS: row.FS, Tests: tests, Filesystems: filesystems, Cells: make([]MapCell, len(row.Cells))}
		for i, c := range row.Cells {
			if c != nil {
				one.Cells[i] = MapCell{Verdict: c.Verdict, Outcome: c.Outcome, Class: c.Class(), Run: from[c.CellKey]}
			}
		}
		doc.Rows = append(doc.Rows, one)
	}
	if fold {
		for _, g := range m.Groups() {
			add(g.MapRow, g.Tests, g.Filesystems)
		}
	} else {
		for _, row := range m.Rows {
			add(row, []string{row.Test}, []string{row.FS})
		}
	}
	doc.Total = len(doc.Rows)
	return doc
}
