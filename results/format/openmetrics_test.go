package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/metrics"
)

// parsed reads metrics as a monitoring system does.
func parsed(t *testing.T, as expfmt.Format, content []byte) map[string]*dto.MetricFamily {
	t.Helper()
	d, all := expfmt.NewDecoder(bytes.NewReader(content), as), map[string]*dto.MetricFamily{}
	for {
		f := new(dto.MetricFamily)
		err := d.Decode(f)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v:\n%s", err, content)
		}
		all[f.GetName()] = f
	}
}

// sum adds the samples that have these labels.
func sum(f *dto.MetricFamily, labels ...string) float64 {
	total := 0.0
	for _, m := range f.GetMetric() {
		text := ""
		for _, l := range m.GetLabel() {
			text += l.GetName() + "=" + l.GetValue() + "\n"
		}
		fits := true
		for _, l := range labels {
			fits = fits && strings.Contains(text, l+"\n")
		}
		if fits {
			total += m.GetGauge().GetValue()
		}
	}
	return total
}

// What a run's figures say is what its cells say, in both text formats.
func TestOpenMetrics(t *testing.T) {
	d := sample()
	tally := results.Count(d.Cells)
	m := metrics.Of(d.Run, d.Cells)
	for _, as := range []expfmt.Format{expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtOpenMetrics_0_0_1, expfmt.FmtText} {
		var b bytes.Buffer
		must(t, metrics.Write(&b, as, metrics.Families(&m, []metrics.Progress{{Run: "r", Planned: 10, Done: 3}})))
		if as != expfmt.FmtText && !strings.HasSuffix(b.String(), "\n# EOF\n") {
			t.Errorf("%s: the end is not marked: %q", as, b.String()[b.Len()-20:])
		}
		// A node exporter's textfile collector reads Prometheus' own format: what
		// OpenMetrics adds are comments to it.
		if n := len(parsed(t, expfmt.FmtText, b.Bytes())); n != len(metrics.Families(&m, []metrics.Progress{{Run: "r", Planned: 10, Done: 3}})) {
			t.Errorf("%s: the older parser reads %d families", as, n)
		}
		all := parsed(t, as, b.Bytes())
		for c, n := range tally.Classes {
			if got := sum(all["splicelab_run_cells"], "class="+string(c)); got != float64(n) {
				t.Errorf("%s: %v cells are %s, want %d", as, got, c, n)
			}
		}
		for v, n := range tally.Verdicts {
			if got := sum(all["splicelab_run_cells"], "verdict="+string(v)); got != float64(n) {
				t.Errorf("%s: %v cells have verdict %s, want %d", as, got, v, n)
			}
		}
		for name, want := range map[string]float64{"failed_cells": float64(tally.Bad()), "planned_cells": 11, "trusted": 0, "duration_seconds": 240,
			"start_timestamp_seconds": float64(d.Run.Started.UnixMilli()) / 1000} {
			f := all["splicelab_run_"+name]
			if got := sum(f); got != want || f.GetHelp() == "" || f.GetType() != dto.MetricType_GAUGE {
				t.Errorf("%s: %s is %v, want %v: %v", as, name, got, want, f)
			}
		}
		if sum(all["splicelab_running_done_cells"], "run=r") != 3 || sum(all["splicelab_running_planned_cells"], "run=r") != 10 {
			t.Errorf("%s: the run in progress is %v", as, all["splicelab_running_done_cells"])
		}
	}
}

// A hostile kernel can neither add a series nor end the document.
func TestOpenMetricsOfHostileRun(t *testing.T) {
	m := newRunBuilder("evil\"} 1\n# EOF\n")
	for i, name := range []string{"a\"} 5\nsplicelab_run_cells{x=\"y", "b\\", "c\n# EOF", "d\x1b[31m", hostile} {
		m.cell(results.CellKey{Kernel: name, FS: name, Test: fmt.Sprint(i)}, results.Attempt{Verdict: outcome.Fail})
	}
	content := documents(t, m.d)["openmetrics"]
	all := parsed(t, expfmt.FmtOpenMetrics_1_0_0, content)
	if got := sum(all["splicelab_run_cells"]); got != 5 || len(all["splicelab_run_cells"].GetMetric()) != 5 || bytes.Count(content, []byte("\n# EOF")) != 1 {
		t.Errorf("%v cells:\n%s", got, content)
	}
}
