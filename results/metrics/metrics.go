// Package metrics has the figures of runs as metrics for Prometheus.
package metrics

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/proto"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Limits of metrics. Every series costs a monitoring system memory for as long as
// it keeps data, so tests and runs are no labels, and a run of hundreds of kernels
// or filesystems has the rest of them in one.
const (
	maxKernels     = 100
	maxFilesystems = 20
	otherLabel     = "other"
)

// Run are the figures of one run.
type Run struct {
	ID, Policy, Accel string
	Started, Finished time.Time // zero: not finished
	Took              time.Duration
	Planned, Failed   int  // Failed are the cells that make the run fail
	Trusted           bool // the lab did its part
	Cells             []CellCount
}

// CellCount is the number of cells of a run that have these in common.
type CellCount struct {
	CellPlace
	N int
}

// CellPlace is what a series of cells is about.
type CellPlace struct {
	Kernel, FS string
	Class      outcome.Class
	Verdict    outcome.Verdict
	results.Platform
}

// Progress is how far a run in progress is.
type Progress struct {
	Run           string
	Planned, Done int
}

// Of counts the cells of a run.
func Of(r results.Run, cells []results.Cell) Run {
	m := Run{ID: sanitize.Line(r.ID), Policy: sanitize.Line(string(r.Policy)), Accel: sanitize.Line(r.Accel), Started: r.Started, Finished: r.Finished,
		Took: r.Took(), Planned: r.Planned, Failed: results.Count(cells).Bad(), Trusted: r.Problem == ""}
	kernels, filesystems := map[string]bool{}, map[string]bool{}
	platforms := map[string]results.Platform{}
	releases := results.Releases(cells)
	slices.SortStableFunc(releases, func(a, b results.Kernel) int { return a.Release.Compare(b.Release) })
	for _, k := range slices.Backward(releases) { // the newest
		if kernels[k.Name] = len(kernels) < maxKernels; kernels[k.Name] {
			p := k.Platform
			p.Arch, p.Flavour = sanitize.Line(p.Arch), sanitize.Line(p.Flavour)
			platforms[k.Name] = p
		}
	}
	for i := range cells {
		if _, known := filesystems[cells[i].FS]; !known {
			filesystems[cells[i].FS] = len(filesystems) < maxFilesystems
		}
	}
	label := func(kept map[string]bool, name string) string {
		if kept[name] {
			return sanitize.Line(name)
		}
		return otherLabel
	}
	counts := map[CellPlace]int{}
	for i := range cells {
		c := &cells[i]
		counts[CellPlace{label(kernels, c.Kernel), label(filesystems, c.FS), c.Class(), c.Verdict, platforms[c.Kernel]}]++
	}
	for _, p := range slices.SortedFunc(maps.Keys(counts), func(a, b CellPlace) int {
		return cmp.Or(results.CompareNatural(a.Kernel, b.Kernel), results.CompareNatural(a.FS, b.FS), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Verdict, b.Verdict),
			cmp.Compare(a.Arch, b.Arch), cmp.Compare(a.Flavour, b.Flavour), cmp.Compare(a.PageSize, b.PageSize))
	}) {
		m.Cells = append(m.Cells, CellCount{p, counts[p]})
	}
	return m
}

// Families are the metric families of a run, if it is not nil, and of the runs in
// progress.
func Families(latest *Run, running []Progress) []*dto.MetricFamily {
	var all []*dto.MetricFamily
	family := func(name, unit, help string) *dto.MetricFamily {
		f := &dto.MetricFamily{Name: proto.String("splicelab_" + name), Help: proto.String(help), Type: dto.MetricType_GAUGE.Enum()}
		if unit != "" {
			f.Unit = proto.String(unit)
		}
		all = append(all, f)
		return f
	}
	if m := latest; m != nil {
		addSample(family("run_info", "", "The run that the other metrics of a run describe."), 1, "run", m.ID, "policy", m.Policy, "accel", m.Accel)
		cells := family("run_cells", "cells", "Cells of the run. Their class is the same under every policy.")
		for _, c := range m.Cells {
			addSample(cells, float64(c.N), "kernel", c.Kernel, "filesystem", c.FS, "class", string(c.Class), "verdict", string(c.Verdict),
				"arch", c.Arch, "flavour", c.Flavour, "page_size", pageSize(c.PageSize))
		}
		addSample(family("run_failed_cells", "cells", "Cells that make the run fail: under its policy, and not as expected."), float64(m.Failed))
		addSample(family("run_planned_cells", "cells", "Cells that the run consists of."), float64(m.Planned))
		trusted := 0.0
		if m.Trusted {
			trusted = 1
		}
		addSample(family("run_trusted", "", "1 if the lab did its part; 0 if the run cannot be trusted."), trusted)
		addSample(family("run_start_timestamp_seconds", "seconds", "When the run started."), unixSeconds(m.Started))
		if !m.Finished.IsZero() {
			addSample(family("run_finish_timestamp_seconds", "seconds", "When the run finished."), unixSeconds(m.Finished))
			addSample(family("run_duration_seconds", "seconds", "How long the run took, without pauses."), m.Took.Seconds())
		}
	}
	planned := family("running_planned_cells", "cells", "Cells that a run in progress consists of.")
	done := family("running_done_cells", "cells", "Cells of a run in progress that have a result.")
	for _, p := range running {
		addSample(planned, float64(p.Planned), "run", sanitize.Line(p.Run))
		addSample(done, float64(p.Done), "run", sanitize.Line(p.Run))
	}
	// One of the formats has no families without samples.
	return slices.DeleteFunc(all, func(f *dto.MetricFamily) bool { return len(f.Metric) == 0 })
}

// pageSize is a label: empty is a label that is not there.
func pageSize(bytes int) string {
	if bytes == 0 {
		return ""
	}
	return strconv.Itoa(bytes)
}

// addSample adds a sample with labels, each a name and a value.
func addSample(f *dto.MetricFamily, value float64, labels ...string) {
	m := &dto.Metric{Gauge: &dto.Gauge{Value: proto.Float64(value)}}
	for i := 0; i < len(labels); i += 2 {
		m.Label = append(m.Label, &dto.LabelPair{Name: proto.String(labels[i]), Value: proto.String(labels[i+1])})
	}
	f.Metric = append(f.Metric, m)
}

func unixSeconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// Write writes metric families in a format of Prometheus or OpenMetrics.
func Write(w io.Writer, as expfmt.Format, families []*dto.MetricFamily) error {
	e := expfmt.NewEncoder(w, as)
	for _, f := range families {
		if err := e.Encode(f); err != nil {
			return err
		}
	}
	if c, ok := e.(expfmt.Closer); ok {
		return c.Close() // "# EOF"
	}
	return nil
}
