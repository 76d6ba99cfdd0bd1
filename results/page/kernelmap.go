package page

import (
	_ "embed" // the page
	"html/template"
	"io"

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
		// A rule separates the series.
		"first": func(i int) bool { return i == 0 || m.Kernels[i].Series != m.Kernels[i-1].Series },
	}).Parse(kernelMapTemplate)
	if err != nil {
		return err
	}
	type group struct {
		Series string
		N      int
	}
	var groups []group
	for _, k := range m.Kernels {
		if last := len(groups) - 1; last >= 0 && groups[last].Series == k.Series {
			groups[last].N++
			continue
		}
		groups = append(groups, group{k.Series, 1})
	}
	return t.Execute(w, struct {
		history.KernelMap
		Title  string
		Series []group
	}{m, sanitize.Line(title), groups})
}
