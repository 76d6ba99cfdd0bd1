package page

import (
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/findings"
)

// Vectors are the policy vectors of a run: the answers of each source and sink
// to the probes.
type Vectors struct {
	Probes  []Probe         `json:"probes"`
	Kernels []KernelVectors `json:"kernels"`
}

// Probe is a question.
type Probe struct {
	Name string `json:"name"`
	Asks string `json:"asks"`
}

// KernelVectors are the vectors of one kernel.
type KernelVectors struct {
	Kernel string      `json:"kernel"`
	Rows   []VectorRow `json:"rows"`
}

// VectorRow is a source and a sink with the same answers on some filesystems.
type VectorRow struct {
	Source      string          `json:"source"`
	Sink        string          `json:"sink"`
	Filesystems []string        `json:"filesystems"`
	Answers     []string        `json:"answers"` // one per probe; empty: not asked
	Fits        string          `json:"fits"`    // the policies that no answer contradicts
	Verdict     outcome.Verdict `json:"verdict"`
	Detail      string          `json:"detail"`
}

// NewVectors is the document of the vectors in a run's cells. The cells must be
// in the order of reports.
func NewVectors(cells []results.Cell) Vectors {
	doc := Vectors{Probes: []Probe{}, Kernels: []KernelVectors{}}
	for _, p := range findings.Probes {
		doc.Probes = append(doc.Probes, Probe{p.Name, p.Asks})
	}
	all := findings.Vectors(cells)
	var kernels []string
	for _, v := range all {
		if !slices.Contains(kernels, v.Kernel) {
			kernels = append(kernels, v.Kernel)
		}
	}
	for _, k := range kernels {
		of := KernelVectors{Kernel: sanitize.Line(k)}
		for _, r := range findings.VectorRows(all, k) {
			row := VectorRow{
				Source: sanitize.Line(r.Source), Sink: sanitize.Line(r.Sink), Filesystems: clean(r.Filesystems),
				Answers: clean(r.Probes), Fits: r.Reading(), Verdict: r.Verdict, Detail: sanitize.Line(r.Detail),
			}
			of.Rows = append(of.Rows, row)
		}
		doc.Kernels = append(doc.Kernels, of)
	}
	return doc
}

func clean(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = strings.TrimSpace(sanitize.Line(t))
	}
	return out
}
