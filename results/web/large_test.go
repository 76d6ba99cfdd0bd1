package web

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the store's own driver

	"github.com/splicelab/splicelab/outcome"
)

// largeStore has a run of 100,000 cells: 50 kernels, 10 filesystems, 200 tests.
func largeStore(b *testing.B) (path, id string) { return storeOf(b, 50, 10, 200) }

// storeOf has a run of as many cells.
func storeOf(b *testing.B, kernels, filesystems, tests int) (path, id string) {
	b.Helper()
	n := kernels * filesystems * tests
	path, id = filepath.Join(b.TempDir(), "results.db"), "20261123-191420-large"
	s := openStore(b, path)
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	ctx := b.Context()
	check(s.BeginRun(ctx, newRun(id, 0, n)))
	// One transaction: storing them is not what is measured.
	db, err := sql.Open("sqlite", path)
	check(err)
	tx, err := db.BeginTx(ctx, nil)
	check(err)
	insert, err := tx.PrepareContext(ctx, `INSERT INTO attempt (run, kernel, fs, test, n, verdict, outcome, kind, detail, duration, finished, covariates)
		VALUES (?,?,?,?,1,?,?,?,?,?,?,?)`)
	check(err)
	for i := range n {
		v, o, detail := outcome.Pass, outcome.Snapshot, ""
		if i%7 == 0 {
			v, o, detail = outcome.Fail, outcome.Live, fmt.Sprintf("offset %d: generation 2", i%1000)
		}
		_, err := insert.ExecContext(ctx, id, fmt.Sprintf("6.%d.1-cloud-amd64", i/(filesystems*tests)), fmt.Sprintf("fs%d", i/tests%filesystems), fmt.Sprintf("splice.TestSomething%d/page", i%tests),
			string(v), string(o), string(outcome.Characterisation), detail, 187_000_000+i, t0.UnixNano(), `{"folio_order":"4","dirty":"no"}`)
		check(err)
	}
	check(insert.Close())
	check(tx.Commit())
	check(db.Close())
	return path, id
}

// BenchmarkCellsOfHundredThousand measures how long a client waits for the cells
// of a large run, to the first byte and to the last, with a cold and a warm
// cache.
func BenchmarkCellsOfHundredThousand(b *testing.B) {
	path, id := largeStore(b)
	store := openStore(b, path)
	if err := store.FinishRun(b.Context(), id, t0.Add(time.Hour), ""); err != nil {
		b.Fatal(err)
	}
	for _, warm := range []bool{false, true} {
		for _, encoding := range []string{"identity", "gzip"} {
			b.Run(fmt.Sprintf("warm=%v/%s", warm, encoding), func(b *testing.B) {
				server := testServer(b, Config{Store: store}, defaultLimits)
				address, _ := serving(b, server)
				var first, total []time.Duration
				size := 0
				ask := func() (time.Duration, time.Duration) {
					r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, address+"/api/runs/"+id+"/cells", http.NoBody)
					if err != nil {
						b.Fatal(err)
					}
					r.Header.Set("Accept-Encoding", encoding)
					from := time.Now()
					answer, err := http.DefaultTransport.RoundTrip(r)
					if err != nil {
						b.Fatal(err)
					}
					begun := time.Since(from)
					body, err := io.ReadAll(answer.Body)
					_ = answer.Body.Close()
					if err != nil || answer.StatusCode != http.StatusOK || len(body) < 10_000 {
						b.Fatalf("%s with %d bytes: %v", answer.Status, len(body), err)
					}
					size = len(body)
					return begun, time.Since(from)
				}
				if warm {
					ask()
				}
				for b.Loop() {
					if !warm {
						server.cache = newCache(defaultLimits.cacheSize, defaultLimits.readers)
					}
					f, t := ask()
					first, total = append(first, f), append(total, t)
				}
				for name, took := range map[string][]time.Duration{"first-byte": first, "total": total} {
					slices.Sort(took)
					b.ReportMetric(float64(took[0].Microseconds())/1e3, "ms-"+name+"-min")
					b.ReportMetric(float64(took[len(took)/2].Microseconds())/1e3, "ms-"+name+"-median")
				}
				b.ReportMetric(float64(size)/1e6, "MB")
			})
		}
	}
}

// BenchmarkLookAtHundredThousand measures the cost of watching a large run, per
// finished cell.
func BenchmarkLookAtHundredThousand(b *testing.B) {
	path, id := largeStore(b)
	store := openStore(b, path)
	w := store.Watch(id)
	if _, err := w.Look(b.Context(), t0); err != nil {
		b.Fatal(err)
	}
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		a := attempt("6.1.1-cloud-amd64", "fs1", fmt.Sprint("splice.TestNew", n), 1, outcome.Pass, outcome.None)
		if err := store.AddAttempt(b.Context(), id, &a); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if p, err := w.Look(b.Context(), t0); err != nil || len(p.Came) != 1 {
			b.Fatal(len(p.Came), err)
		}
	}
}
