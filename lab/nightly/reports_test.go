package nightly

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/changes"
)

func TestReportsAndPruning(t *testing.T) {
	h := newHarness(t)
	out := h.run(t.Context())
	var names []string
	for _, f := range out.Reports {
		if _, err := os.Stat(f); err != nil {
			t.Error(err)
		}
		names = append(names, filepath.Base(f))
	}
	if want := []string{"report.html", "report.json", "news.txt", "news.json"}; !slices.Equal(names, want) {
		t.Errorf("reports %q, want %q", names, want)
	}
	latest := func() string {
		t.Helper()
		name, err := filepath.EvalSymlinks(filepath.Join(h.cfg.Reports, "latest"))
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	if latest() != filepath.Dir(out.Reports[0]) {
		t.Errorf("latest is %s, want %s", latest(), filepath.Dir(out.Reports[0]))
	}
	var document changes.Document
	b, err := os.ReadFile(filepath.Join(latest(), "news.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &document); err != nil || document.Run.ID != out.News.Run.ID {
		t.Errorf("news.json: %v, run %q", err, document.Run.ID)
	}

	// Old runs and reports are removed; files of other origin are not.
	store := h.store()
	long := time.Now().AddDate(0, 0, -40)
	if err := store.BeginRun(t.Context(), results.Run{ID: "old", Started: long}); err != nil {
		t.Fatal(err)
	}
	if err := store.FinishRun(t.Context(), "old", long.Add(time.Hour), ""); err != nil {
		t.Fatal(err)
	}
	put := func(name string) {
		t.Helper()
		file := filepath.Join(h.cfg.Reports, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	gone := []string{"nightly-20200101-023000/report.html", "nightly-20200101-023000/news.txt", "nightly-20200102-023000-2/report.junit.xml", "nightly-20200103-023000/.report.html.tmp", "nightly-20200104-023000/report.html"}
	stays := []string{"nightly-20200104-023000/notes.txt", "nightly-old/report.html", "report.html", "nightly-20200101-02300/report.html", time.Now().Format(reportLayout) + "-9/report.html"}
	for _, name := range slices.Concat(gone, stays) {
		put(name)
	}
	h.run(t.Context())
	for _, name := range gone {
		if _, err := os.Lstat(filepath.Join(h.cfg.Reports, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	for _, name := range stays {
		if _, err := os.Lstat(filepath.Join(h.cfg.Reports, name)); err != nil {
			t.Errorf("%s is gone: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(h.cfg.Reports, "nightly-20200101-023000")); err == nil {
		t.Error("an empty directory was left")
	}
	if _, err := store.Run(t.Context(), "old"); err == nil {
		t.Error("an old run is still there")
	}
	if _, err := store.Run(t.Context(), "@baseline"); err != nil {
		t.Errorf("the baseline is gone: %v", err)
	}
}

// If reports cannot be written, the rest is done.
func TestUnwritableReports(t *testing.T) {
	h := newHarness(t)
	if err := os.WriteFile(h.cfg.Reports, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	h.cfg.Explain = func(err error) string { return "explained: " + err.Error() }
	out := h.run(t.Context())
	if len(h.box.got) != 1 || len(out.Reports) != 0 || out.News.Status() != changes.StatusLab {
		t.Fatalf("sent %d, reports %q, status %s", len(h.box.got), out.Reports, out.News.Status())
	}
	if !strings.Contains(h.box.got[0].Text, "PROBLEM: explained: report directory: ") {
		t.Errorf("the problem is not reported:\n%s", h.box.got[0].Text)
	}
	if _, err := h.store().Run(t.Context(), out.News.Run.ID); err != nil {
		t.Error(err)
	}
}

func TestReportURL(t *testing.T) {
	h := newHarness(t)
	h.cfg.ReportURL = "https://lab.example.org/reports/"
	out := h.run(t.Context())
	want := "report: https://lab.example.org/reports/" + out.News.Started.Local().Format(reportLayout) + "/report.html\n"
	if !strings.Contains(h.box.got[0].Text, want) {
		t.Errorf("the text does not have %q:\n%s", want, h.box.got[0].Text)
	}
	if _, err := os.Stat(filepath.Join(h.cfg.Reports, "latest", "report.html")); err != nil {
		t.Error(err)
	}
}
