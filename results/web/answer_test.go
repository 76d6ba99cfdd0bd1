package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/page"
)

func TestRuns(t *testing.T) {
	path := storePath(t)
	writer := sampleStore(t, path)
	h := testServer(t, Config{Store: openStore(t, path)}, quick).Handler()
	ids := func(target string) (list []string) {
		t.Helper()
		for _, r := range get[Runs](t, h, target).Runs {
			list = append(list, fmt.Sprint(r.ID, " ", r.Tally.Cells, " of ", r.Planned, " ", r.Marks))
		}
		return list
	}
	one, two, begun := "20261123-191420-one 24 of 24 [baseline]", "20261123-201420-two 24 of 24 []", liveRun+" 0 of 8 []"
	for target, want := range map[string][]string{
		"/api/runs": {begun, two, one}, "/api/runs?limit=1": {begun}, "/api/runs?limit=1&skip=1": {two}, "/api/runs?skip=2": {one}, "/api/runs?skip=3": nil, "/api/runs?limit=0": nil,
	} {
		if diff := cmp.Diff(want, ids(target)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", target, diff)
		}
		if list := get[Runs](t, h, target); list.Total != 3 {
			t.Errorf("%s: %d in all", target, list.Total)
		}
	}
	// Attempts stored in the meantime are counted.
	must(t, writer.AddAttempt(t.Context(), liveRun, new(attempt("6.1", "xfs", "s.TestA", 1, outcome.Pass, outcome.None))))
	if got := ids("/api/runs?limit=1"); got[0] != liveRun+" 1 of 8 []" {
		t.Errorf("after an attempt: %q", got)
	}
	for ref, want := range map[string]string{"unfinished": liveRun, "latest": "20261123-201420-two", "@baseline": "20261123-191420-one", "20261123-19": "20261123-191420-one"} {
		if r := get[page.Run](t, h, "/api/runs/"+ref); r.ID != want || r.Seed != "9223372036854775809" {
			t.Errorf("%s is %s, seed %s", ref, r.ID, r.Seed)
		}
	}
}

// expectCrashes expects every crash.
type expectCrashes struct{ asStored }

func (expectCrashes) Judge(_ results.Run, cells []results.Cell) []results.Cell {
	cells = slices.Clone(cells)
	for i := range cells {
		if cells[i].Verdict == outcome.Crash {
			cells[i].Expected, cells[i].Why = results.XFail, "known"
		}
	}
	return cells
}

// testFamilies knows a family for every test.
type testFamilies struct{ unannotated }

func (testFamilies) Family(test string) string { return "family of " + test[:11] }

// TestCells: under a different policy, and with a Judge, the same outcomes give
// different verdicts, consistently in all documents.
func TestCells(t *testing.T) {
	path := storePath(t)
	sampleStore(t, path)
	h := testServer(t, Config{Store: openStore(t, path), Judge: expectCrashes{}, Annotator: testFamilies{}}, quick).Handler()
	count := func(target string) (s string) {
		t.Helper()
		doc := get[page.Cells](t, h, target)
		n := map[string]int{}
		for _, v := range doc.Verdict {
			n[doc.Verdicts[v]]++
		}
		return fmt.Sprint(n, " ", len(doc.Expected), " ", doc.Families)
	}
	if got, want := count("/api/runs/latest/cells"), "map[crash:1 fail:5 pass:17 skip:1] 1 [ family of splice.Test]"; got != want {
		t.Errorf("cells: %s, want %s", got, want)
	}
	if got, want := count("/api/runs/latest/cells?policy=alias"), "map[crash:1 fail:1 pass:21 skip:1] 1 [ family of splice.Test]"; got != want {
		t.Errorf("cells under alias: %s, want %s", got, want)
	}
	crashed := results.CellKey{Kernel: kernels[2], FS: "xfs", Test: tests[2]}
	c := get[page.Cell](t, h, "/api/runs/latest/cell?"+cellQuery(crashed))
	if c.Expected != results.XFail || c.Why != "known" || len(c.Attempts) != 1 || len(c.History) != 2 || !strings.Contains(c.Command, "splicelab run") {
		t.Errorf("the cell: %+v", c)
	}
	live := results.CellKey{Kernel: kernels[0], FS: "ext4", Test: tests[3]}
	for p, want := range map[string]outcome.Verdict{"": outcome.Fail, "alias": outcome.Pass, "snapshot": outcome.Fail} {
		if c := get[page.Cell](t, h, "/api/runs/latest/cell?policy="+p+"&"+cellQuery(live)); c.Verdict != want || c.Attempts[0].Verdict != want || c.History[0].Verdict != want {
			t.Errorf("under %q: %+v", p, c)
		}
	}
}

func TestDiff(t *testing.T) {
	path := storePath(t)
	s := sampleStore(t, path)
	// A run that was judged by the other policy.
	r := newRun("20261123-221420-alias", 3*time.Hour, 1)
	r.Policy, r.Conditions["qemu"] = outcome.PolicyAlias, "9.0"
	must(t, s.BeginRun(t.Context(), r))
	must(t, s.AddAttempt(t.Context(), r.ID, new(attempt(kernels[0], "ext4", tests[3], 1, outcome.Pass, outcome.Live))))
	h := testServer(t, Config{Store: openStore(t, path)}, quick).Handler()
	lists := func(target string) string {
		t.Helper()
		d := get[page.Diff](t, h, target)
		var all []string
		for _, l := range d.Lists {
			all = append(all, fmt.Sprint(l.Name, " ", len(l.Changes)))
		}
		return fmt.Sprint(strings.Join(all, ", "), "; ", d.Same, " the same; ", d.Conditions)
	}
	for target, want := range map[string]string{
		"/api/diff?before=@baseline&after=latest":                  "new-failures 1; 23 the same; []",
		"/api/diff?before=latest&after=@baseline":                  "fixes 1; 23 the same; []",
		"/api/diff?before=latest&after=latest":                     "; 24 the same; []",
		"/api/diff?before=latest&after=unfinished":                 "; 1 the same; [{policy snapshot alias} {qemu 7.2.19 9.0}]", // judged by the same policy
		"/api/diff?before=latest&after=unfinished&policy=snapshot": "; 1 the same; [{policy snapshot alias} {qemu 7.2.19 9.0}]",
		"/api/diff": "new-failures 1; 23 the same; []",
	} {
		if got := lists(target); got != want {
			t.Errorf("%s: %s, want %s", target, got, want)
		}
	}
}

// TestMap shows, for each cell, the newest run with a verdict.
func TestMap(t *testing.T) {
	path := storePath(t)
	s := sampleStore(t, path)
	must(t, s.AddAttempt(t.Context(), liveRun, new(attempt(kernels[2], "xfs", tests[2], 1, outcome.Infra, outcome.None))))
	must(t, s.AddAttempt(t.Context(), liveRun, new(attempt(kernels[0], "xfs", tests[2], 1, outcome.Fail, outcome.Live))))
	must(t, s.AddAttempt(t.Context(), liveRun, new(attempt("6.12.9", "xfs", tests[2], 1, outcome.Pass, outcome.Snapshot))))
	h := testServer(t, Config{Store: openStore(t, path)}, quick).Handler()
	m := get[page.Map](t, h, "/api/map?fs=xfs&tests=Write/large")
	if len(m.Rows) != 1 {
		t.Fatalf("%d rows", len(m.Rows))
	}
	var got []string
	for i, k := range m.Kernels {
		got = append(got, fmt.Sprint(k.Series, " ", m.Rows[0].Cells[i]))
	}
	want := []string{
		"5.10 {fail live deviates " + liveRun + "}", "6.1 {pass snapshot pass 20261123-201420-two}",
		"6.12 {pass snapshot pass " + liveRun + "}", "6.12 {crash  violation 20261123-201420-two}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if m := get[page.Map](t, h, "/api/map?fs=xfs&tests=Write/large&runs=@baseline"); m.Rows[0].Cells[0].Run != "20261123-191420-one" || len(m.Kernels) != 3 {
		t.Errorf("of one run: %+v", m)
	}
	if m := get[page.Map](t, h, "/api/map?policy=alias&fs=xfs&tests=Write/large"); m.Rows[0].Cells[0].Verdict != outcome.Pass {
		t.Errorf("under another policy: %+v", m.Rows[0].Cells[0])
	}
}

// A folded map has the rows that change first, those that are alike as one, and
// comes in pages that fit together.
func TestFoldedMap(t *testing.T) {
	path := storePath(t)
	s := sampleStore(t, path)
	for _, cell := range []string{"a", "b", "c"} {
		for _, fs := range []string{"xfs", "ext4"} {
			must(t, s.AddAttempt(t.Context(), liveRun, new(attempt(kernels[0], fs, "s.TestAlike/"+cell, 1, outcome.Pass, outcome.Live))))
		}
	}
	h := testServer(t, Config{Store: openStore(t, path)}, quick).Handler()
	whole := get[page.Map](t, h, "/api/map")
	folded := get[page.Map](t, h, "/api/map?fold=1")
	if folded.Total != len(folded.Rows) || folded.Total >= whole.Total || whole.Total != len(whole.Rows) {
		t.Fatalf("%d rows of %d folded, %d of %d not folded", len(folded.Rows), folded.Total, len(whole.Rows), whole.Total)
	}
	in := map[[2]string]int{}
	for _, row := range folded.Rows {
		for _, test := range row.Tests {
			for _, fs := range row.Filesystems {
				in[[2]string{test, fs}]++
			}
		}
	}
	for _, row := range whole.Rows {
		if n := in[[2]string{row.Test, row.FS}]; n != 1 {
			t.Errorf("%s %s is in %d folded rows", row.Test, row.FS, n)
		}
	}
	var pages []page.MapRow
	for skip := 0; skip < folded.Total; skip += 2 {
		m := get[page.Map](t, h, fmt.Sprint("/api/map?fold=1&limit=2&skip=", skip))
		if m.Total != folded.Total || len(m.Rows) > 2 {
			t.Errorf("after %d: %d rows of %d", skip, len(m.Rows), m.Total)
		}
		pages = append(pages, m.Rows...)
	}
	if d := cmp.Diff(folded.Rows, pages); d != "" {
		t.Errorf("in pages (-whole +pages):\n%s", d)
	}
	changes := func(row page.MapRow) bool {
		seen := map[string]bool{}
		for _, c := range row.Cells {
			if c.Verdict != "" && c.Verdict != outcome.Skip {
				seen[fmt.Sprint(c.Outcome, c.Verdict)] = true
			}
		}
		return len(seen) > 1
	}
	if !changes(folded.Rows[0]) {
		t.Errorf("the first row does not change: %+v", folded.Rows[0])
	}
}

// TestCaching: a document that the client already has is not sent again until
// it changes.
func TestCaching(t *testing.T) {
	path := storePath(t)
	writer := sampleStore(t, path)
	h := testServer(t, Config{Store: openStore(t, path)}, quick).Handler()
	must(t, writer.AddAttempt(t.Context(), liveRun, new(attempt("6.1", "xfs", "s.TestA", 1, outcome.Pass, outcome.None))))
	for target, changes := range map[string]bool{
		"/api/runs": true, "/api/runs/unfinished": true, "/api/runs/unfinished/cells": true, "/api/map": true,
		"/api/runs/latest/cells": false, "/api/runs/@baseline": false, "/api/diff?before=@baseline&after=latest": false, "/": false, "/app.js": false,
	} {
		first := ask(h, "GET", target)
		tag := first.Header().Get("ETag")
		if tag == "" || first.Code != 200 || !strings.Contains(first.Header().Get("Cache-Control"), "no-cache") {
			t.Fatalf("%s: %d %v", target, first.Code, first.Header())
		}
		for _, accept := range []string{"", "gzip"} {
			if again := ask(h, "GET", target, "If-None-Match", tag, "Accept-Encoding", accept); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
				t.Errorf("%s again: %d with %d bytes", target, again.Code, again.Body.Len())
			}
		}
		must(t, writer.AddAttempt(t.Context(), liveRun, new(attempt("6.1", "xfs", "s.Test"+strings.NewReplacer("/", "").Replace(target), 1, outcome.Pass, outcome.None))))
		if after := ask(h, "GET", target, "If-None-Match", tag); (after.Code == 200) != changes {
			t.Errorf("%s after a write: %d", target, after.Code)
		}
	}
}

func TestCompression(t *testing.T) {
	path := storePath(t)
	sampleStore(t, path)
	h := testServer(t, Config{Store: openStore(t, path)}, quick).Handler()
	for _, target := range []string{"/api/runs/latest/cells", "/app.js", "/"} {
		plain, packed := ask(h, "GET", target), ask(h, "GET", target, "Accept-Encoding", "gzip")
		if plain.Header().Get("Content-Encoding") != "" || packed.Header().Get("Content-Encoding") != "gzip" && plain.Body.Len() > 2000 {
			t.Errorf("%s: encodings %q and %q", target, plain.Header().Get("Content-Encoding"), packed.Header().Get("Content-Encoding"))
			continue
		}
		if packed.Header().Get("Content-Encoding") == "" {
			continue // too small to be compressed
		}
		r, err := gzip.NewReader(packed.Body)
		must(t, err)
		unpacked, err := io.ReadAll(r)
		must(t, err)
		if !bytes.Equal(unpacked, plain.Body.Bytes()) {
			t.Errorf("%s: the compressed document differs", target)
		}
	}
}

// TestCache: concurrent requests share one document, and the least recently
// used ones are evicted.
func TestCache(t *testing.T) {
	c := newCache(100, 1)
	var mu sync.Mutex
	n := 0
	text := func(context.Context) (any, error) {
		mu.Lock()
		defer mu.Unlock()
		n++
		return strings.Repeat("x", 30), nil
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := c.get(t.Context(), "a", "1", text); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n != 1 {
		t.Errorf("built %d times", n)
	}
	made := func(key, stamp string, times int) {
		t.Helper()
		before := n
		_, err := c.get(t.Context(), key, stamp, text)
		must(t, err)
		if n-before != times {
			t.Errorf("%s %s was built %d times, want %d", key, stamp, n-before, times)
		}
	}
	made("a", "1", 0)
	made("a", "2", 1) // another state of the store
	made("a", "1", 1)
	made("b", "1", 1)
	made("c", "1", 1)
	made("a", "1", 0)
	made("d", "1", 1) // evicts b, the least recently used
	made("a", "1", 0)
	made("b", "1", 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	never := make(chan struct{})
	defer close(never)
	if _, err := c.get(ctx, "e", "1", func(context.Context) (any, error) { <-never; return nil, context.Canceled }); err == nil {
		t.Error("a cancelled request was answered")
	}
}
