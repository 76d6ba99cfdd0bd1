package page

import (
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
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
		"all": func(g history.MapGroup) string { return sanitize.Line(strings.Join(g.Tests, ", ")) },
		// A rule separates the series.
		"first": func(i int) bool { return i == 0 || m.Heading(i) != m.Heading(i-1) },
	}).Parse(kernelMapTemplate)
	if err != nil {
		return err
	}
	type group struct {
		Series string
		N      int
	}
	var groups []group
	for i := range m.Kernels {
		heading := m.Heading(i)
		if last := len(groups) - 1; last >= 0 && groups[last].Series == heading {
			groups[last].N++
			continue
		}
		groups = append(groups, group{heading, 1})
	}
	return t.Execute(w, struct {
		history.KernelMap
		Folded []history.MapGroup
		Title  string
		Series []group
	}{m, m.Groups(), sanitize.Line(title), groups})
}

// NewMap is the document of a map; from is the run of each cell. Folded, rows that
// are alike are one, and those that change come first.
func NewMap(m history.KernelMap, from map[results.CellKey]string, fold bool) Map {
	doc := Map{Kernels: []MapKernel{}, Rows: []MapRow{}}
	for _, k := range m.Kernels {
		doc.Kernels = append(doc.Kernels, MapKernel{Release: k.Release, Series: k.Series, Flavour: sanitize.Line(k.Flavour)})
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
