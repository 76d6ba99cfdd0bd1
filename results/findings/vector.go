package findings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Vector is how one kernel and filesystem treat data spliced from a source to a
// sink: the answers to the eight probes of the policy vector. Kernels mix
// policies, so it is not reduced to one label; Fits are the policies that no
// answer contradicts.
type Vector struct {
	Kernel string   `json:"kernel"`
	FS     string   `json:"fs"`
	Source string   `json:"source"`
	Sink   string   `json:"sink"`
	Probes []string `json:"probes"` // answers to P1 … P8; empty: not asked
	Fits   []int    `json:"fits"`   // policies 0 … 4 that every answer allows
	// Verdict is not pass if the vector is incomplete, because its cell was skipped,
	// crashed, and so on; then Detail says why.
	Verdict outcome.Verdict `json:"verdict"`
	Detail  string          `json:"detail"`
}

// Probe is a column of the vector.
type Probe struct {
	Name  string // "P1"
	Asks  string
	reads map[string][]int // answer → the policies that give it
}

// Probes are the questions, in order, with the answers that distinguish
// policies: 0 document, 1 copy, 2 steal, 3 copy on write, 4 block. An answer
// that is not listed contradicts every policy; a probe without answers is only
// shown.
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

// covariates with which a cell of the policy test reports its vector: source,
// sink and p1 … p8.
func probeKey(i int) string { return fmt.Sprintf("p%d", i+1) }

// Vectors extracts the policy vectors from a run's cells, in their order: the cells
// of TestPolicy. A cell that recorded nothing is named by its subtest,
// "SOURCE-SINK".
func Vectors(cells []results.Cell) []Vector {
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

// fits is the intersection of the policies that the answers allow.
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
