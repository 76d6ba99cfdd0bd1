package nightly

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/changes"
	"github.com/splicelab/splicelab/results/store"
)

// smallDisk mounts a filesystem of size MiB.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", size)); err != nil {
		t.Skipf("cannot mount a small filesystem, which needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill uses up the space in a directory except for some bytes.
func fill(t *testing.T, dir string, but int64) {
	t.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, int64(st.Bavail)*st.Bsize-but), 0o644); err != nil {
		t.Fatal(err)
	}
}

// If the disk fills up during a run, only results that were not stored yet are
// lost. Stored ones are kept and reported.
func TestDiskFillsUp(t *testing.T) {
	disk := smallDisk(t, 16)
	h := newHarnessIn(t, disk)
	h.run(t.Context())
	baseline, err := h.store().Run(t.Context(), "@baseline")
	if err != nil {
		t.Fatal(err)
	}
	var stored []string
	h.tools.run = func(ctx context.Context, s *store.Store, begun func(string)) (Performance, error) {
		run := results.Run{ID: "full", Started: time.Now(), Policy: outcome.PolicySnapshot, Planned: 1000}
		if err := s.BeginRun(ctx, run); err != nil {
			return Performance{}, err
		}
		begun(run.ID)
		fill(t, disk, 512<<10)
		done := Performance{Run: run.ID, Sound: true}
		for i := range 1000 {
			done.Planned = append(done.Planned, results.CellKey{Kernel: "6.12.117-test", FS: "xfs", Test: fmt.Sprintf("splice.Test%d", i)})
		}
		for i, key := range done.Planned {
			a := results.Attempt{CellKey: key, N: 1, Verdict: outcome.Pass, Finished: time.Now(), Console: strings.Repeat(fmt.Sprint(i), 4<<10)}
			if err := s.AddAttempt(ctx, run.ID, &a); err != nil {
				done.Sound = false
				return done, errors.Join(err, s.FinishRun(ctx, run.ID, time.Now(), err.Error()))
			}
			stored = append(stored, key.Test)
		}
		return done, nil
	}
	out := h.run(t.Context())
	if len(stored) == 0 || len(stored) == 1000 {
		t.Fatalf("%d attempts were stored: the disk did not fill up in between", len(stored))
	}
	if out.News.Status() != changes.StatusLab || len(h.box.got) != 2 {
		t.Fatalf("status %s, %d notifications", out.News.Status(), len(h.box.got))
	}
	text := h.box.got[1].Text
	for _, want := range []string{"the disk is full", fmt.Sprintf("6.12.117-test xfs: %d of 1000", 1000-len(stored))} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not reported:\n%s", want, text)
		}
	}
	if err := os.Remove(filepath.Join(disk, "ballast")); err != nil {
		t.Fatal(err)
	}
	cells, err := h.store().Cells(t.Context(), "full")
	if err != nil || len(cells) != len(stored) {
		t.Errorf("%d cells are left of %d that were stored, %v", len(cells), len(stored), err)
	}
	if is, err := h.store().Run(t.Context(), "@baseline"); err != nil || is.ID != baseline.ID {
		t.Errorf("the baseline is %s, %v; want %s", is.ID, err, baseline.ID)
	}
	// With space again, everything is as before. Nothing is reported, because the
	// full disk could not be recorded.
	if !strings.Contains(strings.Join(out.Failed, "\n"), "the record of this notification cannot be saved") {
		t.Errorf("failed: %q", out.Failed)
	}
	h.tools.run = h.perform
	h.expect("with space again", false, changes.StatusSame, "as before")
}

// If a report does not fit on the disk, the notification says so.
func TestNoSpaceForReports(t *testing.T) {
	disk := smallDisk(t, 16)
	h := newHarnessIn(t, t.TempDir())
	h.cfg.Reports = filepath.Join(disk, "reports")
	h.tools.render = func(_ context.Context, w io.Writer, _ string, _ *store.Store, _ results.Run, _ []results.Cell) error {
		_, err := w.Write(bytes.Repeat([]byte("x"), 32<<20))
		return err
	}
	h.cfg.Formats = []string{"html"}
	out := h.run(t.Context())
	if len(h.box.got) != 1 || !strings.Contains(h.box.got[0].Text, "PROBLEM: report report.html: ") || !strings.Contains(h.box.got[0].Text, "no space left") {
		t.Errorf("what is wrong is not reported: %+v", h.box.got)
	}
	var names []string
	for _, f := range out.Reports {
		names = append(names, filepath.Base(f))
	}
	if strings.Join(names, " ") != "news.txt news.json" {
		t.Errorf("reports: %q", names)
	}
	left, err := filepath.Glob(filepath.Join(h.cfg.Reports, "*", ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// If space is short, a nightly run removes old files, and does not start if that
// is not enough.
func TestSpaceIsFreed(t *testing.T) {
	disk := smallDisk(t, 16)
	h := newHarnessIn(t, disk)
	h.cfg.MinFree = 8 << 20
	h.cfg.Places = []Place{{"state", h.cfg.State}, {"reports", h.cfg.Reports}}
	h.run(t.Context())
	fill(t, disk, 4<<20)

	out := h.expect("no space", true, changes.StatusLab, "nothing was run, 1 problem")
	if want := "MiB of 8 MiB free in the state directory " + h.cfg.State; len(out.News.Problems) != 1 || !strings.Contains(out.News.Problems[0], want) || strings.Contains(out.News.Problems[0], "reports directory") {
		t.Errorf("problems %q, want one with %q: both are on one filesystem", out.News.Problems, want)
	}
	h.expect("still none", false, changes.StatusLab, "nothing was run, 1 problem")

	// The ballast belongs to an old nightly run.
	old := filepath.Join(h.cfg.Reports, "nightly-20200101-023000")
	if err := os.MkdirAll(old, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(disk, "ballast"), filepath.Join(old, "report.html")); err != nil {
		t.Fatal(err)
	}
	h.expect("space was freed", true, changes.StatusSame, "as before")

	// The ballast is in the cache, from which everything unused is removed.
	fill(t, disk, 4<<20)
	h.tools.prune = func(_ context.Context, _ time.Time, short bool) ([]string, error) {
		if !short {
			return nil, nil
		}
		return []string{"3 templates"}, os.Remove(filepath.Join(disk, "ballast"))
	}
	out = h.expect("space was freed in the cache", false, changes.StatusSame, "as before")
	if !strings.Contains(strings.Join(out.News.Notes, "\n"), "removed from the cache: 3 templates") {
		t.Errorf("notes: %q", out.News.Notes)
	}
}

// Even with a full disk the problem is reported.
func TestDiskIsFull(t *testing.T) {
	disk := smallDisk(t, 4)
	h := newHarnessIn(t, disk)
	fill(t, disk, 0)
	h.cfg.MinFree, h.cfg.Places = 1<<20, []Place{{"state", disk}}
	out := h.run(t.Context())
	if len(h.box.got) != 1 || out.News.Status() != changes.StatusLab || !strings.Contains(h.box.got[0].Text, "no space for a nightly run") {
		t.Errorf("status %s, sent %+v", out.News.Status(), h.box.got)
	}
	if len(out.Failed) == 0 {
		t.Error("the record of the notification cannot have been saved, but no error says so")
	}
}
