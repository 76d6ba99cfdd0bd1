package web

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/splicelab/splicelab/outcome"
)

// Prometheus scrapes what the API says about the latest run, in the format that
// it asks for.
func TestMetrics(t *testing.T) {
	st := sampleStore(t, storePath(t))
	h := testServer(t, Config{Store: st}, quick).Handler()
	scrape := func(accept string) (*httptest.ResponseRecorder, expfmt.Format) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, "http://localhost/metrics", http.NoBody)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return w, expfmt.ResponseFormat(w.Header())
	}
	open, format := scrape("application/openmetrics-text; version=1.0.0,text/plain;version=0.0.4;q=0.5")
	if format.FormatType() != expfmt.TypeOpenMetrics || !strings.HasSuffix(open.Body.String(), "\n# EOF\n") {
		t.Errorf("%s: %s", open.Header().Get("Content-Type"), open.Body)
	}
	plain, format := scrape("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily,*/*;q=0.1")
	if format.FormatType() != expfmt.TypeTextPlain && format.FormatType() != expfmt.TypeOpenMetrics || strings.Contains(plain.Header().Get("Content-Type"), "protobuf") {
		t.Errorf("protobuf is answered with %s", plain.Header().Get("Content-Type"))
	}
	latest, err := st.Run(t.Context(), "latest")
	must(t, err)
	cells, err := st.Cells(t.Context(), latest.ID)
	must(t, err)
	if got := cellsOf(t, open); got != float64(len(cells)) {
		t.Errorf("%v cells, want %d", got, len(cells))
	}
	if !strings.Contains(open.Body.String(), `run="`+latest.ID+`"`) {
		t.Errorf("not of run %s:\n%s", latest.ID, open.Body)
	}
	// What is stored later is not hidden by the cache.
	must(t, st.BeginRun(t.Context(), newRun("20991231-later", 1000000*1e9, 2)))
	a := attempt(kernels[0], "xfs", tests[0], 1, outcome.Pass, outcome.Snapshot)
	must(t, st.AddAttempt(t.Context(), "20991231-later", &a))
	must(t, st.FinishRun(t.Context(), "20991231-later", t0.Add(1000060*1e9), ""))
	open, _ = scrape("application/openmetrics-text")
	if got := cellsOf(t, open); got != 1 {
		t.Errorf("after another run: %v cells, want 1", got)
	}
}

func cellsOf(t *testing.T, w *httptest.ResponseRecorder) float64 {
	t.Helper()
	d, total := expfmt.NewDecoder(strings.NewReader(w.Body.String()), expfmt.ResponseFormat(w.Header())), 0.0
	for {
		f := new(dto.MetricFamily)
		err := d.Decode(f)
		if errors.Is(err, io.EOF) {
			return total
		}
		must(t, err)
		for _, m := range f.GetMetric() {
			if f.GetName() == "splicelab_run_cells" {
				total += m.GetGauge().GetValue()
			}
		}
	}
}

// An empty store has no metrics, and a token is required where one is set.
func TestMetricsOfNothing(t *testing.T) {
	const token = "0123456789abcdef"
	h := testServer(t, Config{Store: openStore(t, storePath(t)), Token: token}, quick).Handler()
	r := httptest.NewRequest(http.MethodGet, "http://localhost/metrics", http.NoBody)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 401 {
		t.Errorf("without a token: %d", w.Code)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 200 || strings.Contains(w.Body.String(), "splicelab_run_cells") {
		t.Errorf("an empty store: %d %s", w.Code, w.Body)
	}
}
