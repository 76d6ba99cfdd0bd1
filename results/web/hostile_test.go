package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// hostileText is what a kernel or a test could print to attack its reader. If
// it runs in a browser it sets a global.
const hostileText = "</pre></script><script>globalThis.owned = 1</script><img src=x onerror=\"globalThis.owned = 2\"><svg onload=globalThis.owned=3>" +
	"'\"><a href=\"javascript:globalThis.owned=4\">x</a>\x1b[2J\x1b]0;owned\x07\x1b]8;;http://evil.example\x07\u202egnp.exe\u2028\u200b\x00\xff\xfe{{.Run}}${globalThis.owned=5}"

// oneLine is a single line of 100 MB, with the attack wherever it could be cut.
func oneLine() string {
	const size = 100 << 20
	var b strings.Builder
	b.Grow(size + len(hostileText))
	for b.Len() < size {
		b.WriteString(hostileText)
		b.WriteString("<b>\xf0\x9f\x92 half a character ")
	}
	return b.String()
}

// hostileStore has a run in which every text is hostile, as far as the store
// accepts that.
func hostileStore(t *testing.T, path string) (id string, key results.CellKey) {
	t.Helper()
	ctx := t.Context()
	s := openStore(t, path)
	// A baseline of the same cell, for comparison.
	for i, id := range []string{"20261123-190000-good", "20261123-200000-evil"} {
		r := newRun(id, time.Duration(i)*time.Hour, 3)
		r.Command = []string{"splicelab", hostileText}
		r.Conditions = map[string]string{hostileText: hostileText + fmt.Sprint(i)}
		must(t, s.BeginRun(ctx, r))
		a := attempt("6.12.1"+hostileText, "xfs"+hostileText, "splice.Test"+hostileText, 1, outcome.Pass, outcome.Snapshot)
		if i == 1 {
			a.Verdict, a.Outcome = outcome.Fail, outcome.Outcome(hostileText)
			a.Detail, a.Output, a.Console = hostileText, hostileText, oneLine()
			a.Covariates = map[string]string{hostileText: hostileText}
		}
		must(t, s.AddAttempt(ctx, id, &a))
		stored, err := s.Cells(ctx, id)
		must(t, err)
		key = stored[0].CellKey
		must(t, s.FinishRun(ctx, id, t0.Add(2*time.Hour), hostileText))
	}
	return "20261123-200000-evil", key
}

func cellQuery(k results.CellKey) string {
	return url.Values{"kernel": {k.Kernel}, "fs": {k.FS}, "test": {k.Test}}.Encode()
}

// TestHostileTexts fetches every document of a hostile run: they are valid,
// bounded, and contain no character that a terminal or a browser would
// interpret.
func TestHostileTexts(t *testing.T) {
	path := storePath(t)
	id, key := hostileStore(t, path)
	if st, err := os.Stat(path); err != nil || st.Size() > 4<<20 {
		t.Errorf("the store kept the whole line: %v, %v", st, err)
	}
	h := testServer(t, Config{Store: openStore(t, path)}, quick).Handler()
	for target, name := range map[string]string{
		"/api/runs": "Runs", "/api/runs/" + id: "Run", "/api/runs/" + id + "/cells": "Cells", "/api/runs/" + id + "/cell?" + cellQuery(key): "Cell",
		"/api/diff": "Diff", "/api/history?" + cellQuery(key): "History", "/api/map": "Map", "/api/runs/" + id + "/times": "Times", "/api/runs/" + id + "/vectors": "Vectors",
	} {
		w := ask(h, "GET", target)
		body := w.Body.String()
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%.40s: %d %s", target, w.Code, w.Header())
		}
		validate(t, name, []byte(body))
		if len(body) > 1<<20 {
			t.Errorf("%.40s: %d bytes", target, len(body))
		}
		if !utf8.ValidString(body) || strings.Contains(body, "<") {
			t.Errorf("%.40s is not UTF-8, or contains raw markup", target)
		}
		var doc any
		must(t, json.Unmarshal([]byte(body), &doc))
		harmless(t, target, doc)
	}
}

// harmless checks all texts of a document for what a terminal or a browser
// would interpret.
func harmless(t *testing.T, where string, doc any) {
	t.Helper()
	switch v := doc.(type) {
	case string:
		if sanitize.Text(v) != v {
			t.Errorf("%.60s contains %.200q", where, v)
		}
	case []any:
		for _, one := range v {
			harmless(t, where, one)
		}
	case map[string]any:
		for name, one := range v {
			harmless(t, where+" (a name)", name)
			harmless(t, where+" "+name, one)
		}
	}
}

// TestHostileRequests sends malicious requests: each is rejected with a message
// that reveals nothing about the machine.
func TestHostileRequests(t *testing.T) {
	path := storePath(t)
	store := sampleStore(t, path)
	address, _ := serving(t, testServer(t, Config{Store: store, Loopback: true}, quick))
	long := strings.Repeat("a", 5000)
	for target, status := range map[string]int{
		"/api/runs/nobody": 404, "/api/runs/%00": 404, "/api/runs/latest~99": 404, "/api/runs/latest~99999999999999999999": 404, "/api/runs/@nobody": 404,
		"/api/runs/20261123": 400, "/api/runs/" + long: 400, "/api/runs/..%2f..%2fetc%2fpasswd": 404, "/api/runs/latest/../../../../etc/passwd": 404,
		"/api/runs/'%20OR%201=1%20--": 404, "/api/runs/%25": 404, "/api/runs/_": 404,
		"/%2e%2e/%2e%2e/etc/passwd": 404, "/..%2f..%2fetc/passwd": 404, "/app.js/../../etc/passwd": 404, "/assets/app.js": 404, "//evil.example/": 403, "/results.db": 404,
		"/api/runs?limit=-1": 400, "/api/runs?limit=1e9": 400, "/api/runs?limit=99999": 400, "/api/runs?skip=x": 400, "/api/runs?limit=" + long: 400,
		"/api/runs/latest/cells?policy=maybe": 400, "/api/runs/latest/cells?policy=" + long: 400,
		"/api/runs/latest/cell": 400, "/api/runs/latest/cell?kernel=a&fs=b": 400, "/api/runs/latest/cell?kernel=a&fs=b&test=c": 404, "/api/runs/latest/cell?kernel=a&fs=b&test=" + long: 400,
		"/api/diff?before=nobody": 404, "/api/diff?after=" + long: 400, "/api/history": 400, "/api/history?kernel=a&fs=b&test=c&limit=1001": 400,
		"/api/map?tests=(": 400, "/api/map?tests=" + long: 400, "/api/map?tests=a{1000}{1000}": 400, "/api/map?runs=" + strings.Repeat("latest,", 101): 400, "/api/map?runs=nobody": 404,
		// Go's regular expressions take linear time.
		"/api/map?tests=" + url.QueryEscape("(a*)*(a*)*(a|a|b)*$^"): 200, "/api/map?tests=" + url.QueryEscape(strings.Repeat("(.*)", 100)+"x"): 200,
		"/api/nothing": 404, "/api": 404, "/api/runs/latest/nothing": 404, "/api/session": 405,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/", http.NoBody)
		must(t, err)
		r.URL.Opaque = "//" + r.URL.Host + target // unescaped
		if strings.HasPrefix(target, "//") {
			r.URL.Opaque = target
		}
		r.Host = strings.TrimPrefix(address, "http://")
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: time.Minute}
		answer, err := client.Do(r)
		if err != nil {
			t.Errorf("%.60s: %v", target, err)
			continue
		}
		body := readAll(t, answer)
		cleaned := answer.StatusCode >= 300 && answer.StatusCode < 400 // a redirect to the cleaned path
		if answer.StatusCode != status && !cleaned {
			t.Errorf("%.60s: %d, want %d: %.200s", target, answer.StatusCode, status, body)
		}
		for _, secret := range []string{path, "results.db", "root:", ".go:", "goroutine", "sqlite", "SQL"} {
			if strings.Contains(strings.ReplaceAll(body, target, ""), secret) && !strings.Contains(target, secret) {
				t.Errorf("%.60s reveals %q: %.300s", target, secret, body)
			}
		}
		if strings.HasPrefix(target, "/api/") && answer.StatusCode >= 400 {
			validate(t, "Failure", []byte(body))
			if len(body) > 1000 {
				t.Errorf("%.60s: an error of %d bytes", target, len(body))
			}
		}
	}
	// A request that is too large is cut off.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/api/runs?"+strings.Repeat("x", 64<<10), http.NoBody)
	must(t, err)
	if answer, err := http.DefaultClient.Do(r); err == nil {
		readAll(t, answer)
		if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("a line of 64 KiB: %s", answer.Status)
		}
	}
}

// TestInternalErrorsAreOnlyLogged: clients do not see the details of a store
// error.
func TestInternalErrorsAreOnlyLogged(t *testing.T) {
	path := storePath(t)
	closed, err := store.Open(path)
	must(t, err)
	var logged []string
	s := testServer(t, Config{Store: closed, Log: func(err error) { logged = append(logged, err.Error()) }}, quick)
	must(t, s.Close())
	must(t, closed.Close())
	for _, target := range []string{"/api/runs", "/api/runs/latest", "/api/diff", "/api/map"} {
		if text := failure(t, ask(s.Handler(), "GET", target), http.StatusInternalServerError); strings.Contains(text, path) || strings.Contains(text, "sql") {
			t.Errorf("%s reveals %q", target, text)
		}
	}
	if len(logged) != 4 {
		t.Errorf("the log has %q", logged)
	}
	// The cleanup closes it too; reopen it for that.
	reopened, err := store.Open(path)
	must(t, err)
	t.Cleanup(func() { must(t, reopened.Close()) })
	s.changes, err = reopened.Changes(t.Context())
	must(t, err)
}

func readAll(t *testing.T, answer *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	must(t, errors.Join(err, answer.Body.Close()))
	return string(body)
}
