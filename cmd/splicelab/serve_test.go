package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// TestServe starts the program as a user does, asks it, and ends it with Ctrl-C:
// an open stream does not keep it.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	store, err := store.Open(filepath.Join(dir, "results.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.BeginRun(t.Context(), results.Run{ID: "20260102-120000-one", Policy: "snapshot", Planned: 3}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		listen string
		token  bool
	}{"this machine": {"127.0.0.1:0", false}, "others": {"0.0.0.0:0", true}} {
		t.Run(name, func(t *testing.T) {
			cmd := &exec.Cmd{
				Path: splicelabBinary(t), Args: []string{"splicelab", "serve", "--listen", c.listen}, Dir: dir,
				Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "SPLICELAB_STATE=" + dir},
			}
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Kill() }()
			said := bufio.NewReader(stderr)
			var found []string
			for found == nil {
				line, err := said.ReadString('\n')
				if err != nil {
					t.Fatalf("it ended before it said where the page is: %v", err)
				}
				found = regexp.MustCompile(`open http://\S*:(\d+)/(?:#token=(\S+))?`).FindStringSubmatch(line)
			}
			port, token := found[1], found[2]
			if (token != "") != c.token {
				t.Errorf("it said %q", found[0])
			}
			request := func(path, token string) *http.Request {
				t.Helper()
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+port+path, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				if token != "" {
					r.Header.Set("Authorization", "Bearer "+token)
				}
				return r
			}
			ask := func(path, token string) (status int, mime string, body []byte) {
				t.Helper()
				answer, err := http.DefaultClient.Do(request(path, token))
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = answer.Body.Close() }()
				if body, err = io.ReadAll(answer.Body); err != nil {
					t.Fatal(err)
				}
				return answer.StatusCode, answer.Header.Get("Content-Type"), body
			}
			if status, mime, _ := ask("/", ""); status != http.StatusOK || !strings.HasPrefix(mime, "text/html") {
				t.Errorf("the page: %d %s", status, mime)
			}
			if status, _, _ := ask("/api/runs", ""); c.token && status != http.StatusUnauthorized {
				t.Errorf("without the token: %d", status)
			}
			var run struct{ ID string }
			if _, _, body := ask("/api/runs/unfinished", token); json.Unmarshal(body, &run) != nil || run.ID != "20260102-120000-one" {
				t.Errorf("the unfinished run: %s", body)
			}
			stream, err := http.DefaultClient.Do(request("/api/runs/unfinished/events", token))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = stream.Body.Close() }()
			if _, err := bufio.NewReader(stream.Body).ReadString('\n'); err != nil {
				t.Errorf("the stream: %v", err)
			}
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(said)
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("after Ctrl-C: %v\n%s", err, rest)
			}
		})
	}
}
