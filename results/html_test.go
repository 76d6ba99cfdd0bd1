package results

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"splicelab/outcome"
)

// hostile is text that a kernel or a test could print to attack its reader.
const hostile = "</pre></script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">" +
	"'\"><a href=\"javascript:document.title='owned'\">\x1b[2J\x1b]0;owned\x07\u202egnp.exe\x00\xff{{.Run}}`${document.title='owned'}`"

func hostileRun() (Run, []Cell, func(CellKey) ([]Attempt, error)) {
	r := run("hostile", 0)
	r.Problem, r.Command = hostile, []string{hostile}
	r.Conditions = map[string]string{hostile: hostile}
	var cells []Cell
	byKey := make(map[CellKey][]Attempt)
	for i, v := range outcome.Verdicts {
		a := attempt(CellKey{"6.1" + hostile, "fs" + hostile, "s.Test" + string(rune('A'+i)) + "/" + hostile}, 1, v, outcome.Outcome(hostile))
		a.Detail, a.Output, a.Console = hostile, hostile, hostile
		a.Covariates = map[string]string{hostile: hostile}
		cells = append(cells, FromAttempts([]Attempt{a}))
		byKey[a.CellKey] = []Attempt{a}
	}
	return r, cells, func(k CellKey) ([]Attempt, error) { return byKey[k], nil }
}

// chromium finds a browser or skips the test.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no chromium, chromium-browser or google-chrome in PATH: cannot render the page")
	return ""
}

// browse runs the browser on path with one more flag and returns what it prints.
func browse(t *testing.T, url string, flags ...string) string {
	t.Helper()
	args := append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--user-data-dir=" + t.TempDir()}, flags...)
	cmd := exec.CommandContext(t.Context(), chromium(t), append(args, url)...)
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return string(out)
}

func writeHTMLFile(t *testing.T, r Run, cells []Cell, attempts func(CellKey) ([]Attempt, error)) string {
	t.Helper()
	b := new(bytes.Buffer)
	must(t, WriteHTML(b, r, cells, attempts))
	path := filepath.Join(t.TempDir(), "report.html")
	must(t, os.WriteFile(path, b.Bytes(), 0o644))
	return path
}

func TestHTMLEscapesWhatGuestsWrite(t *testing.T) {
	r, cells, attempts := hostileRun()
	b := new(bytes.Buffer)
	must(t, WriteHTML(b, r, cells, attempts))
	page := b.String()
	if n := strings.Count(page, "<script"); n != 1 {
		t.Errorf("%d script elements, want our own alone", n)
	}
	for _, bad := range []string{"<img", "href=\"javascript", "\x1b", "\u202e", "\x00", "\xff", "http://", "https://"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	// The page's policy allows exactly the script that is in it.
	_, rest, _ := strings.Cut(page, "<script>")
	script, _, _ := strings.Cut(rest, "</script>")
	sum := sha256.Sum256([]byte(script))
	want := strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;")
	if !strings.Contains(page, "script-src 'sha256-"+want+"'") {
		t.Errorf("the policy does not name the script's digest %s", want)
	}
}

func TestHTMLInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: starts a browser")
	}
	t.Run("hostile text does not run", func(t *testing.T) {
		dom := browse(t, "file://"+writeHostile(t), "--dump-dom")
		if !strings.Contains(dom, "<title>splicelab hostile</title>") {
			t.Error("the title was changed: guest text was executed")
		}
		if !strings.Contains(dom, "7 cells shown") {
			t.Error("our own script did not run: the policy blocks it, or the page broke it")
		}
	})
	t.Run("screenshot", func(t *testing.T) {
		r, cells := sample()
		path := writeHTMLFile(t, r, cells, nil)
		shot := filepath.Join(t.TempDir(), "shot.png")
		browse(t, "file://"+path, "--screenshot="+shot, "--window-size=1400,900")
		if st, err := os.Stat(shot); err != nil || st.Size() < 10_000 {
			t.Errorf("no picture: %v", err)
		}
	})
}

func writeHostile(t *testing.T) string {
	r, cells, attempts := hostileRun()
	return writeHTMLFile(t, r, cells, attempts)
}

func TestHTMLBoundsTexts(t *testing.T) {
	r := run("big", 0)
	text := strings.Repeat("x", MaxText)
	var cells []Cell
	for i := range 2 * pageTexts / MaxText {
		cells = append(cells, FromAttempts([]Attempt{attempt(CellKey{"6.1", "xfs", "s.Test" + strings.Repeat("A", i)}, 1, outcome.Pass, outcome.None)}))
	}
	failed := &cells[len(cells)-1]
	failed.Verdict = outcome.Fail
	b := new(bytes.Buffer)
	must(t, WriteHTML(b, r, cells, func(k CellKey) ([]Attempt, error) {
		a := attempt(k, 1, outcome.Pass, outcome.None)
		a.Output, a.Console = text, ""
		if k == failed.CellKey {
			a.Output = "the failure's own output"
		}
		return []Attempt{a}, nil
	}))
	if b.Len() > pageTexts*5/4 {
		t.Errorf("a page of %d bytes", b.Len())
	}
	if !strings.Contains(b.String(), "the failure&#39;s own output") || !strings.Contains(b.String(), "were left out") {
		t.Error("failures come first, and what is left out is said")
	}
}

// The bars say in figures what they show, and are not there when nothing is
// known.
func TestHTMLShowsWhereTheTimeWent(t *testing.T) {
	a := attempt(CellKey{"6.12", "xfs", "s.TestA"}, 1, outcome.Pass, outcome.Snapshot)
	var b bytes.Buffer
	must(t, WriteHTML(&b, run("r", 0), []Cell{FromAttempts([]Attempt{a})}, nil))
	if strings.Contains(b.String(), "where the time went") {
		t.Error("it is shown of a run without times")
	}
	a.Timing = Timing{Queue: time.Hour, Spawn: 50 * time.Millisecond, Test: 150 * time.Millisecond}
	b.Reset()
	must(t, WriteHTML(&b, run("r", 0), []Cell{FromAttempts([]Attempt{a})}, nil))
	for _, want := range []string{"where the time went", `class="t-spawn" x="0" width="2500"`, `class="t-test" x="2500" width="7500"`, "test: 0.1 s, median 150 ms of 1", "<td>0.2 s</td>"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in the page", want)
		}
	}
}
