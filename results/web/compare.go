package web

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/page"
)

// diff serves what changed from one run to another.
func (s *Server) diff(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	p, err := policy(q.Get("policy"))
	if err != nil {
		return err
	}
	stamp, err := s.version(r.Context())
	if err != nil {
		return err
	}
	before, err := s.find(r.Context(), orDefault(q.Get("before"), "latest~1"))
	if err != nil {
		return err
	}
	after, err := s.find(r.Context(), orDefault(q.Get("after"), "latest"))
	if err != nil {
		return err
	}
	// Verdicts under two policies are not comparable: judge both by one.
	if p == "" && before.Policy != after.Policy {
		p = after.Policy
	}
	return s.document(w, r, fmt.Sprintf("diff %s %s %s", before.ID, after.ID, p), stamp, func(ctx context.Context) (any, error) {
		x, a, err := s.read(ctx, before, p, nil)
		if err != nil {
			return nil, err
		}
		y, b, err := s.read(ctx, after, p, nil)
		if err != nil {
			return nil, err
		}
		d := compare.Diff(a, b)
		d.Unfinished(before, after, len(a), len(b))
		if err := s.cfg.Judge.Assess(ctx, before, y.Policy, &d); err != nil {
			return nil, err
		}
		return page.NewDiff(x, y, d.Conditions(before, after), d), nil
	})
}

// past returns a cell's results in the newest runs that have it, judged by
// policy p unless that is empty.
func (s *Server) past(ctx context.Context, key results.CellKey, p outcome.Policy, runs int) ([]page.Past, error) {
	all, err := history.Of(ctx, s.cfg.Store, key, nil, runs)
	if err != nil {
		return nil, err
	}
	return page.NewHistory(all, p), nil
}

// Bounds of a map: it reads whole runs.
const (
	mapRuns    = 20 // the newest ones, by default
	maxMapRuns = 100
	someRows   = 200 // of a folded one, by default
	maxMapRows = 2000
)

// kernelMap serves the results of each kernel over several runs: for each cell,
// the newest one with a verdict.
func (s *Server) kernelMap(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	text := q.Get("tests")
	if len(text) > maxPattern {
		return badRequest("tests: a pattern has at most %d bytes", maxPattern)
	}
	pattern, err := regexp.Compile(text)
	if err != nil {
		return badRequest("tests: %s is not a regular expression: %s", cut(strconv.Quote(text)), cut(strings.TrimPrefix(err.Error(), "error parsing regexp: ")))
	}
	p, err := policy(q.Get("policy"))
	if err != nil {
		return err
	}
	filesystems := map[string]bool{}
	for name := range strings.SplitSeq(q.Get("fs"), ",") {
		if name != "" {
			filesystems[name] = true
		}
	}
	stamp, err := s.version(r.Context())
	if err != nil {
		return err
	}
	runs, err := s.mapRuns(r.Context(), q.Get("runs"))
	if err != nil {
		return err
	}
	fold := q.Get("fold") != ""
	limit, err := number(q, "limit", someRows, maxMapRows)
	if err != nil {
		return err
	}
	skip, err := number(q, "skip", 0, 1<<31-1)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("map %s %q %q %t %d %d", p, text, q.Get("fs"), fold, skip, limit)
	for _, r := range runs {
		key += " " + r.ID
	}
	return s.document(w, r, key, stamp, func(ctx context.Context) (any, error) {
		m, from, err := s.readMap(ctx, runs, p, func(c *results.Cell) bool {
			return c.Verdict != outcome.Infra && pattern.MatchString(c.Test) && (len(filesystems) == 0 || filesystems[c.FS])
		})
		switch {
		case err != nil:
			return nil, err
		case !fold && len(m.Rows) > maxMapRows:
			return nil, badRequest("a map of %d rows is too large: fold it, or name fewer tests or filesystems, at most %d rows", len(m.Rows), maxMapRows)
		}
		doc := page.NewMap(m, from, fold)
		if fold {
			from := min(skip, doc.Total)
			doc.Rows = doc.Rows[from:min(from+limit, doc.Total)]
		}
		return doc, nil
	})
}

// mapRuns returns the runs of a map, newest first.
func (s *Server) mapRuns(ctx context.Context, refs string) ([]results.Run, error) {
	var runs []results.Run
	if refs == "" {
		runs, err := s.cfg.Store.RunsUpTo(ctx, nil)
		return runs[:min(len(runs), mapRuns)], err
	}
	named := strings.Split(refs, ",")
	if len(named) > maxMapRuns {
		return nil, badRequest("runs: a map is of at most %d runs", maxMapRuns)
	}
	for _, ref := range named {
		r, err := s.find(ctx, ref)
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	return runs, nil
}

func (s *Server) readMap(ctx context.Context, runs []results.Run, p outcome.Policy, wanted func(*results.Cell) bool) (history.KernelMap, map[results.CellKey]string, error) {
	var cells history.MapCells
	for _, run := range runs {
		err := s.inParts(ctx, run, func(part []results.Cell) error {
			if p != "" {
				part = results.Show(part, p)
			}
			cells.Add(run.ID, part, wanted)
			if cells.Len() > s.limits.mapCells {
				return tooLarge("a map of more than %d cells is too large: name fewer tests or filesystems", s.limits.mapCells)
			}
			return nil
		})
		if err != nil {
			return history.KernelMap{}, nil, err
		}
	}
	return cells.Map(), cells.From, nil
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
