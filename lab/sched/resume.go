package sched

import (
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/results"
)

// skipSettled removes the cells that have a verdict from the units, and
// schedules retries of those that failed.
func (s *Scheduler) skipSettled(units []plan.Unit) []plan.Unit {
	if len(s.cfg.Known) == 0 {
		return units
	}
	left := map[results.CellKey]int{} // attempts with a verdict that are not yet matched to a unit
	known := map[results.CellKey]*results.Cell{}
	for i := range s.cfg.Known {
		c := &s.cfg.Known[i]
		left[c.CellKey], known[c.CellKey] = c.Attempts-c.Infra, c
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var rest []plan.Unit
	for _, u := range units {
		var tests []plan.Test
		for _, t := range u.Tests {
			key := u.Key(t)
			if left[key] == 0 {
				tests = append(tests, t)
				continue
			}
			left[key]--
			s.progress.done++
			s.progress.tracker.left[key.Kernel]--
			s.checkControl(t, &known[key].Attempt)
			if n := s.cfg.Plan.Due(s.cfg.Isolation, t, known[key]); n > 0 {
				s.schedule(key, n)
			}
		}
		if u.Tests = tests; len(tests) > 0 {
			rest = append(rest, u)
		}
	}
	return rest
}
