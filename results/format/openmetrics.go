package format

import (
	"io"

	"github.com/prometheus/common/expfmt"

	"github.com/splicelab/splicelab/results/metrics"
)

// WriteOpenMetrics writes the figures of a run in the text format of OpenMetrics
// 1.0, for the textfile collector of a node exporter or a push gateway.
func WriteOpenMetrics(w io.Writer, d Document) error {
	m := metrics.Of(d.Run, d.Cells)
	return metrics.Write(w, expfmt.FmtOpenMetrics_1_0_0, metrics.Families(&m, nil))
}
