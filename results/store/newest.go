package store

import (
	"context"

	"github.com/splicelab/splicelab/results"
)

// Seen is a cell of the newest run that has it.
type Seen struct {
	results.Cell
	Run string // its id
}

// Newest returns, for a test (suite.TestName) and its subtests, the newest
// stored cell of each kernel and filesystem, in the order of reports. Infra is
// no verdict on a kernel and is skipped.
func (s *Store) Newest(ctx context.Context, test string) ([]Seen, error) {
	ids, err := s.ids(ctx, ` ORDER BY started DESC, id DESC`)
	if err != nil {
		return nil, err
	}
	seen := map[results.CellKey]Seen{}
	for _, id := range ids {
		// "0" is the character after "/".
		attempts, err := readAttempts(ctx, s.read, `SELECT `+attemptColumns+`,
			'', '' FROM attempt WHERE run = ?1 AND (test = ?2 OR test >= ?2 || '/' AND test < ?2 || '0') AND verdict <> 'infra'
			ORDER BY kernel, fs, test, n`, id, test)
		if err != nil {
			return nil, s.explain(err)
		}
		found := map[results.CellKey][]results.Attempt{}
		for _, a := range attempts {
			found[a.CellKey] = append(found[a.CellKey], a)
		}
		for key, all := range found {
			if _, newer := seen[key]; !newer {
				seen[key] = Seen{results.FromAttempts(all), id}
			}
		}
	}
	// In the order of reports, each with its run.
	cells := make([]results.Cell, 0, len(seen))
	for _, v := range seen {
		cells = append(cells, v.Cell)
	}
	results.Sort(cells)
	out := make([]Seen, len(cells))
	for i, c := range cells {
		out[i] = seen[c.CellKey]
	}
	return out, nil
}
