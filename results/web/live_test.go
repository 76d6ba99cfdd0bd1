package web

import (
	"testing"

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
