package catalogue

import (
	"context"
	"os"

	"github.com/splicelab/splicelab/lab/session"
)

// Observe adds to each test the newest result of its cells. A store that does
// not exist yet has none, and is not created.
func Observe(ctx context.Context, s session.Settings, tests []Test) error {
	for i := range tests {
		var err error
		if tests[i].Seen, err = seen(ctx, s, tests[i].FullName()); err != nil {
			return err
		}
	}
	return nil
}

func seen(ctx context.Context, s session.Settings, test string) ([]Observation, error) {
	found := []Observation{}
	if _, err := os.Stat(s.ResultsFile()); err != nil {
		return found, nil
	}
	store, err := s.OpenResults()
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close() }() // only read from
	newest, err := store.Newest(ctx, test)
	for _, c := range newest {
		found = append(found, Observation{
			Kernel: c.Kernel, FS: c.FS, Test: c.Test, Verdict: string(c.Verdict), Outcome: string(c.Outcome), Run: c.Run, At: c.Finished,
		})
	}
	return found, err
}
