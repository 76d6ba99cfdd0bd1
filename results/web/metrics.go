package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/prometheus/common/expfmt"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/metrics"
)

// maxRunning bounds the runs in progress among the newest ones.
const maxRunning = 20

// metrics serves the figures of the latest run and of the runs in progress, as
// Prometheus scrapes them.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) error {
	latest, err := s.latestMetrics(r)
	if err != nil {
		return err
	}
	running, err := s.progress(r.Context())
	if err != nil {
		return err
	}
	as := expfmt.NegotiateAccept(r.Header, expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtOpenMetrics_0_0_1, expfmt.FmtText)
	var b bytes.Buffer
	if err := metrics.Write(&b, as, metrics.Families(latest, running)); err != nil {
		return err
	}
	w.Header().Set("Content-Type", string(as))
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(b.Bytes()) // an error means that the client has disconnected
	return nil
}

// latestMetrics counts the cells of the latest run; nil if there is none. They
// are counted once, not for every scrape.
func (s *Server) latestMetrics(r *http.Request) (*metrics.Run, error) {
	stamp, err := s.version(r.Context())
	if err != nil {
		return nil, err
	}
	found, err := s.find(r.Context(), "latest")
	if none := (*results.RunError)(nil); errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	counted, err := s.cache.get(r.Context(), "metrics "+found.ID, settled(found, stamp), func(ctx context.Context) (any, error) {
		_, cells, err := s.read(ctx, found, "", nil)
		return metrics.Of(found, cells), err
	})
	if err != nil {
		return nil, err
	}
	m := new(metrics.Run)
	return m, json.Unmarshal(counted.body, m)
}

// progress is how far the runs are that a process is executing.
func (s *Server) progress(ctx context.Context) ([]metrics.Progress, error) {
	recent, _, err := s.cfg.Store.Recent(ctx, 0, maxRunning)
	if err != nil {
		return nil, err
	}
	var all []metrics.Progress
	for _, run := range recent {
		if !run.Running {
			continue
		}
		tally, err := s.tallies.of(ctx, s.cfg.Store, run.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, metrics.Progress{Run: run.ID, Planned: run.Planned, Done: tally.Cells})
	}
	return all, nil
}
