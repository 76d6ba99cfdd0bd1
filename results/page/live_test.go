package page

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/browsertest"
)

// The same page, delivered by a server, reads the same documents from the
// server.
func TestLivePageInBrowser(t *testing.T) {
	t.Parallel()
	r, cells, l := sample()
	run := NewRun(results.RunSummary{Run: r, Tally: results.Count(cells)}, nil)
	answer := func(document func(*http.Request) (any, error)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			v, err := document(r)
			if err != nil {
				w.WriteHeader(http.StatusNotFound)
				v = map[string]string{"error": err.Error()}
			}
			_ = json.NewEncoder(w).Encode(v)
		}
	}
	of := "/api/runs/" + r.ID
	mux := http.NewServeMux()
	mux.Handle("/", Handler())
	mux.Handle(of, answer(func(*http.Request) (any, error) { return run, nil }))
	mux.Handle(of+"/cells", answer(func(*http.Request) (any, error) { return NewCells(cells), nil }))
	mux.Handle(of+"/violations", answer(func(*http.Request) (any, error) { return NewViolations(r, cells), nil }))
	mux.Handle(of+"/vectors", answer(func(*http.Request) (any, error) { return NewVectors(cells), nil }))
	mux.Handle(of+"/times", answer(func(*http.Request) (any, error) { return NewTimes(cells), nil }))
	mux.Handle(of+"/cell", answer(func(q *http.Request) (any, error) {
		for _, c := range cells {
			if c.Kernel == q.FormValue("kernel") && c.FS == q.FormValue("fs") && c.Test == q.FormValue("test") {
				return NewCell(q.Context(), r, c, l)
			}
		}
		return nil, &results.RunError{Ref: q.URL.RawQuery}
	}))
	mux.Handle("/api/runs/gone", answer(func(*http.Request) (any, error) { return nil, &results.RunError{Ref: "gone"} }))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	b := browsertest.Open(t, server.URL+"/#/run/"+r.ID+"?verdict=crash")
	b.Is(`document.getElementById("shown").textContent`, "1 of 440 cells")
	b.Click(".matrix .v-crash a")
	b.Until(`document.querySelector("h1")?.textContent === "splice.TestMmapStore/large-clean"`)
	b.Is(`document.querySelectorAll("mark.line").length`, 8)
	// Each earlier result of a cell links to the cell in its run.
	b.Is(`document.querySelectorAll(".strip a")[0].getAttribute("href")`, "#/run/20261122-201500-aaaaaaa/cell/6.18.15%2Bdeb13-cloud-amd64/xfs/splice.TestMmapStore%2Flarge-clean")
	b.Sound()
	b.To(server.URL + "/#/run/gone")
	b.Until(`document.querySelector("[role=alert]") !== null`)
	b.Is(`document.querySelector("[role=alert] p").textContent`, `no run "gone": the store holds no runs yet`)
	b.Sound()
}
