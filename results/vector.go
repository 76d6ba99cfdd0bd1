package results

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/outcome"
)

// Vector is what one kernel and filesystem do with data that went from a
// source to a sink: the answers to the eight probes of the policy vector.
// Kernels are mixed, so it is never reduced to one label; Fits only says
// which policies none of the answers contradicts.
type Vector struct {
	Kernel string   `json:"kernel"`
	FS     string   `json:"fs"`
	Source string   `json:"source"`
	Sink   string   `json:"sink"`
	Probes []string `json:"probes"` // answers to P1 … P8; empty: not asked
	Fits   []int    `json:"fits"`   // policies 0 … 4 that every answer allows
	// Verdict is not pass for a vector that is incomplete: its cell was
	// skipped, crashed, and so on; Detail then says why.
	Verdict outcome.Verdict `json:"verdict"`
	Detail  string          `json:"detail"`
}

// Probe is a column of the vector.
type Probe struct {
	Name  string // "P1"
	Asks  string
	reads map[string][]int // answer → the policies that give it
}

// Probes are the questions, in order, with the answers that tell policies
// apart: 0 document, 1 copy, 2 steal, 3 copy on write, 4 block. An answer in
// no row contradicts every policy; a probe without rows is shown only.
var Probes = []Probe{
	{"P1", "buffered write after the splice", map[string][]int{"live": {0}, "snapshot": {1, 2, 3}, "blocked": {4}}},
	{"P2", "store through a mapping", map[string][]int{"live": {0}, "snapshot": {1, 2, 3}, "blocked": {4}}},
	{"P3", "hole punched inside a page", map[string][]int{"zeroed": {0}, "snapshot": {1, 2, 3}, "blocked": {4}}},
	{"P4", "resident right after", map[string][]int{"yes": {0, 1, 3, 4}, "no": {2}}},
	{"P5", "page frame after P1", map[string][]int{"same": {0, 1, 4}, "changed": {2, 3}}},
	{"P6", "truncate or seal while spliced", nil},
	{"P7", "store after vmsplice", map[string][]int{"live": {0}, "snapshot": {1, 3}}},
	{"P8", "control: a source that copies", nil},
}

// covariates by which a cell of the policy test tells its vector: source,
// sink and p1 … p8.
func probeKey(i int) string { return fmt.Sprintf("p%d", i+1) }

// Vectors picks the policy vectors out of a run's cells, in their order. A
// cell is one when its test is called TestPolicy; one that recorded nothing is
// named by its subtest, "SOURCE-SINK".
func Vectors(cells []Cell) []Vector {
	var all []Vector
	for i := range cells {
		c := &cells[i]
		_, name, ok := strings.Cut(c.Test, ".TestPolicy/")
		if !ok {
			continue
		}
		v := Vector{Kernel: c.Kernel, FS: c.FS, Source: c.Covariates["source"], Sink: c.Covariates["sink"],
			Verdict: c.Verdict, Detail: c.Detail, Probes: make([]string, len(Probes)), Fits: []int{}}
		if v.Source == "" {
			v.Source, v.Sink, _ = strings.Cut(name, "-")
		}
		for p := range Probes {
			v.Probes[p] = c.Covariates[probeKey(p)]
		}
		v.Fits = v.fits()
		all = append(all, v)
	}
	return all
}

// fits intersects what the answers allow.
func (v Vector) fits() []int {
	left, asked := []int{0, 1, 2, 3, 4}, false
	for i, p := range Probes {
		answer, _, _ := strings.Cut(v.Probes[i], " ") // "snapshot (1 fault)" reads as snapshot
		if p.reads == nil || answer == "" || answer == "–" || answer == "-" {
			continue
		}
		asked = true
		left = slices.DeleteFunc(left, func(policy int) bool { return !slices.Contains(p.reads[answer], policy) })
	}
	if !asked {
		return []int{}
	}
	return left
}

// Reading is Fits in words.
func (v Vector) Reading() string {
	if v.Verdict == outcome.Skip {
		return ""
	}
	if len(v.Fits) == 0 {
		if slices.ContainsFunc(v.Probes, func(s string) bool { return s != "" }) {
			return "mixed"
		}
		return ""
	}
	var parts []string
	for _, p := range v.Fits {
		parts = append(parts, fmt.Sprint(p))
	}
	return strings.Join(parts, "|")
}

// WriteVectors draws one table a kernel, a row for each source and sink. Rows
// that all filesystems share are drawn once. It writes nothing when there are
// no vectors.
func WriteVectors(w io.Writer, cells []Cell, o MatrixOptions) error {
	b := new(bytes.Buffer)
	all := Vectors(cells)
	if len(all) == 0 {
		return nil
	}
	b.WriteString("policy vectors: what each source and sink answers to the probes\n")
	for _, p := range Probes {
		fmt.Fprintf(b, "  %s %s\n", p.Name, p.Asks)
	}
	b.WriteString("  fits: policies that no answer contradicts: 0 document, 1 copy, 2 steal, 3 copy on write, 4 block\n")
	var kernels []string
	for _, v := range all {
		if !slices.Contains(kernels, v.Kernel) {
			kernels = append(kernels, v.Kernel)
		}
	}
	for _, k := range kernels {
		fmt.Fprintf(b, "\n%s\n", CleanLine(k))
		writeVectorTable(b, VectorRows(all, k), o)
	}
	_, err := b.WriteTo(w)
	return err
}

// VectorRow is equal vectors of several filesystems.
type VectorRow struct {
	Vector
	Filesystems []string
}

// VectorRows are the rows of one kernel, in the order of source and sink.
func VectorRows(all []Vector, kernel string) []VectorRow {
	var rows []VectorRow
	for _, v := range all {
		if v.Kernel != kernel {
			continue
		}
		i := slices.IndexFunc(rows, func(r VectorRow) bool {
			return r.Source == v.Source && r.Sink == v.Sink && r.Verdict == v.Verdict && slices.Equal(r.Probes, v.Probes)
		})
		if i < 0 {
			i = len(rows)
			rows = append(rows, VectorRow{Vector: v})
		}
		rows[i].Filesystems = append(rows[i].Filesystems, v.FS)
	}
	slices.SortStableFunc(rows, func(a, b VectorRow) int {
		return strings.Compare(a.Source+"\x00"+a.Sink, b.Source+"\x00"+b.Sink)
	})
	return rows
}

func writeVectorTable(b *bytes.Buffer, rows []VectorRow, o MatrixOptions) {
	head := []string{"SOURCE", "SINK", "FILESYSTEMS"}
	for _, p := range Probes {
		head = append(head, p.Name)
	}
	lines := [][]string{append(head, "FITS")}
	var skipped []string
	for _, r := range rows {
		source, sink, on := CleanLine(r.Source), CleanLine(r.Sink), CleanLine(strings.Join(r.Filesystems, ","))
		if !slices.ContainsFunc(r.Probes, func(s string) bool { return s != "" }) {
			skipped = append(skipped, fmt.Sprintf("%s-%s on %s: %s: %s", source, sink, on, r.Verdict, CleanLine(r.Detail)))
			continue
		}
		line := []string{source, sink, on}
		for _, p := range r.Probes {
			line = append(line, CleanLine(p))
		}
		lines = append(lines, append(line, r.Reading()))
	}
	width := make([]int, len(lines[0]))
	for _, l := range lines {
		for i, s := range l {
			width[i] = max(width[i], visible(s))
		}
	}
	for n, l := range lines {
		b.WriteString("  ")
		for i, s := range l {
			text := pad(s, width[i])
			if n > 0 && i >= 3 && i < len(l)-1 {
				text = paint(o.Color, answerColor(s), s) + text[len(s):]
			}
			b.WriteString(text)
			if i < len(l)-1 {
				b.WriteString("  ")
			}
		}
		trimBlanks(b)
	}
	for _, s := range skipped {
		b.WriteString("  " + cut(s, cmp.Or(o.Width, defaultWidth)-2) + "\n")
	}
}

// trimBlanks ends a line without the blanks that would wrap on a terminal.
func trimBlanks(b *bytes.Buffer) {
	b.Truncate(len(bytes.TrimRight(b.Bytes(), " ")))
	b.WriteByte('\n')
}

// answerColor paints an answer as the matrix paints verdicts of the snapshot
// policy.
func answerColor(s string) string {
	switch word, _, _ := strings.Cut(s, " "); word {
	case "snapshot":
		return sgrPass
	case "live", "zeroed", "torn", "dropped":
		return sgrFail
	case "blocked", "error":
		return sgrHang
	}
	return sgrSkip
}

// WriteVectorsJSON writes the vectors as a JSON array, empty when there are
// none.
func WriteVectorsJSON(w io.Writer, cells []Cell) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(append([]Vector{}, Vectors(cells)...))
}
