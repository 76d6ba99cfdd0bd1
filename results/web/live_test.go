package web

import (
	"testing"

	"github.com/splicelab/splicelab/results/page"
	"github.com/splicelab/splicelab/results/store"
)

const liveRun = "20261123-211420-live"

// live returns a store's server, and a second connection to the store, as a
// writer in another process would have.
func live(t *testing.T) (writer *store.Store, address string) {
	t.Helper()
	path := storePath(t)
	writer = sampleStore(t, path)
	address, _ = serving(t, testServer(t, Config{Store: openStore(t, path), Loopback: true}, quick))
	return writer, address
}

// sampleSearch is a search whose good side is half of what is left.
func sampleSearch(low, high float64) page.Search {
	return page.Search{
		ID: "0123", Kind: "packages", Test: "^splice.TestPunchHole/large$", FS: "xfs", Begun: "2026-11-23T20:00:00Z", Changed: "2026-11-23T20:10:00Z", Running: true,
		GoodMark: "snapshot", BadMark: "zeroed", Good: "6.12.43", Bad: "6.12.90", Between: 11, Step: 4, Steps: 9, Confidence: 0.9951, Wanted: 0.99,
		Subject: "6.12.70", Tried: 2, Need: 7, Low: low, High: high, At: (low + high) / 2,
		Subjects: []page.SearchSubject{{Subject: "6.12.9", Attempts: 7, Good: 7}, {Subject: "6.12.90", Attempts: 1, Bad: 1}, {Subject: "6.12.50", Untestable: "it does not <b>build"}},
		Runs:     []string{"20261123-191420-one"},
	}
}
