package query

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
	"github.com/splicelab/splicelab/results/store"
)

func release(t *testing.T, name, version string) results.Kernel {
	t.Helper()
	v, err := kernelversion.Parse(version)
	resultstest.Must(t, err)
	return results.Kernel{Platform: results.KernelOf(name).Platform, Release: kernelversion.Release{Name: name, Version: v}}
}

// listStore has runs of two selections, a step, and one that was killed.
func listStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "results.db"))
	resultstest.Must(t, err)
	t.Cleanup(func() { resultstest.Must(t, s.Close()) })
	old := release(t, "5.10.0-46-cloud-amd64", "5.10.262")
	for i, r := range []struct {
		id       string
		kernels  []results.Kernel
		selected results.Selected
		origin   results.Origin
		fails    int
		killed   bool
	}{
		{"20261123-191420-000aaaa", []results.Kernel{old, release(t, "6.12.117-cloud-amd64", "6.12.117")}, results.Selected{Filesystems: []string{"ext4", "xfs", "btrfs", "tmpfs"}, Tests: "quick cells"}, "", 1, false},
		{"20261123-201420-000bbbb", []results.Kernel{old}, results.Selected{Filesystems: []string{"xfs"}, Tests: "PunchHole|\x1b[31mTruncate" + strings.Repeat("|Zero", 40)}, "", 0, false},
		{"20261123-211420-000cccc", []results.Kernel{old}, results.Selected{Filesystems: []string{"xfs"}, Tests: "splice.TestWrite/a"}, results.OriginBisect, 2, false},
		{"20261123-221420-000dddd", []results.Kernel{old, release(t, "6.12.118-cloud-amd64", "6.12.118")}, results.Selected{Filesystems: []string{"xfs", "ext4", "btrfs", "tmpfs"}, Tests: "quick cells"}, results.OriginNightly, 3, false},
		{"20261123-231420-000eeee", []results.Kernel{old, release(t, "6.12.118-cloud-amd64", "6.12.118")}, results.Selected{Filesystems: []string{"xfs", "ext4", "btrfs", "tmpfs"}, Tests: "quick cells"}, "", 0, true},
	} {
		run := resultstest.Run(r.id, time.Duration(i)*time.Hour)
		run.Kernels, run.Selected, run.Origin = r.kernels, r.selected, r.origin
		resultstest.Must(t, s.BeginRun(t.Context(), run))
		for n := range 3 {
			a := results.Attempt{CellKey: results.CellKey{Kernel: old.Name, FS: "xfs", Test: fmt.Sprint("s.Test", n)}, N: 1, Verdict: outcome.Pass, Kind: outcome.Invariant, Finished: run.Started}
			if n < r.fails {
				a.Verdict = outcome.Fail
			}
			if n < 2 || !r.killed {
				resultstest.Must(t, s.AddAttempt(t.Context(), r.id, &a))
			}
		}
		if !r.killed {
			resultstest.Must(t, s.FinishRun(t.Context(), r.id, run.Started.Add(4*time.Minute), ""))
		}
	}
	resultstest.Must(t, s.Mark(t.Context(), results.Baseline, "20261123-191420-000aaaa"))
	return s
}

func TestListRuns(t *testing.T) {
	s := listStore(t)
	for _, c := range []struct {
		filter RunFilter
		limit  int
		want   string
	}{
		{RunFilter{}, 0, "e d b a; 1 step, 0 older"},
		{RunFilter{Steps: true}, 0, "e d c b a; 0 step, 0 older"},
		{RunFilter{}, 2, "e d; 1 step, 2 older"},
		{RunFilter{Kernel: "6.12"}, 0, "e d a; 0 step, 0 older"},
		{RunFilter{Kernel: "6.12.117"}, 0, "a; 0 step, 0 older"},
		{RunFilter{Kernel: "5.10.262", Filesystem: "ext4"}, 0, "e d a; 0 step, 0 older"},
		{RunFilter{Tests: "punchhole"}, 0, "b; 0 step, 0 older"},
		{RunFilter{Text: "baseline"}, 0, "a; 0 step, 0 older"},
		{RunFilter{Text: "NIGHTLY"}, 0, "d; 0 step, 0 older"},
		{RunFilter{Since: resultstest.T0.Add(150 * time.Minute)}, 0, "e d; 0 step, 0 older"},
		{RunFilter{Text: "nothing"}, 0, "; 0 step, 0 older"},
	} {
		list, err := ListRuns(t.Context(), s, c.filter, c.limit)
		resultstest.Must(t, err)
		var ids []string
		for _, r := range list.Runs {
			ids = append(ids, r.ID[len(r.ID)-1:])
		}
		if got := fmt.Sprintf("%s; %d step, %d older", strings.Join(ids, " "), list.Steps, list.Older); got != c.want {
			t.Errorf("%+v, %d: %s, want %s", c.filter, c.limit, got, c.want)
		}
	}
}

// A run is compared with the last finished one of its selection, listed or not:
// a point release continues its series.
func TestListedChange(t *testing.T) {
	list, err := ListRuns(t.Context(), listStore(t), RunFilter{}, 2)
	resultstest.Must(t, err)
	d := list.Runs[1]
	if d.Previous != "20261123-191420-000aaaa" || !cmp.Equal(d.Change, map[outcome.Class]int{outcome.Violates: 2, outcome.Passes: -2}) {
		t.Errorf("d follows %q, change %v", d.Previous, d.Change)
	}
	if e := list.Runs[0]; e.Previous != "" || e.Classes[outcome.Passes] != 2 {
		t.Errorf("a run that has not finished: %+v", e)
	}
}

// No line is wider than the terminal, and texts of others reach it sanitised.
func TestListFits(t *testing.T) {
	list, err := ListRuns(t.Context(), listStore(t), RunFilter{}, 0)
	resultstest.Must(t, err)
	list.Steps = 1
	now := resultstest.T0.Add(5 * time.Hour)
	for _, width := range []int{60, 80, 200} {
		resultstest.Golden(t, fmt.Sprintf("list-%d.txt", width), func(b *bytes.Buffer) error { return list.Write(b, width, now) })
		var b bytes.Buffer
		resultstest.Must(t, list.Write(&b, width, now))
		for line := range strings.Lines(b.String()) {
			if n := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); n > width || strings.ContainsRune(line, '\x1b') {
				t.Errorf("%d of %d columns: %q", n, width, line)
			}
		}
	}
}

func TestParseSince(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.Local)
	for text, want := range map[string]time.Time{
		"2026-11-20": time.Date(2026, 11, 20, 0, 0, 0, 0, time.Local), "2d": now.Add(-48 * time.Hour), "90m": now.Add(-90 * time.Minute),
		"": {}, "yesterday": {}, "-1h": {},
	} {
		got, err := ParseSince(text, now)
		if !got.Equal(want) || (err == nil) == want.IsZero() {
			t.Errorf("%q is %s, %v; want %s", text, got, err, want)
		}
	}
}
