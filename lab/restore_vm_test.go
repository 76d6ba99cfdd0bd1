package lab

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/kernels"
	labexec "github.com/splicelab/splicelab/lab/exec"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/outcome"
)

// notices is an observer that remembers what it was told once for many cells.
type notices struct {
	mu   sync.Mutex
	said []string
}

func (n *notices) Event(e sched.Event) {
	if e.Kind == sched.Notice {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.said = append(n.said, e.Text)
	}
}

// memories are the templates' memory files in a cache, with their times.
func memories(t *testing.T, cache string) map[string]time.Time {
	t.Helper()
	found := map[string]time.Time{}
	err := filepath.WalkDir(filepath.Join(cache, "templates"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "memory" {
			return err
		}
		info, err := d.Info()
		found[p] = info.ModTime()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Every cell has a machine of its own that was restored, and a second run
// makes no template again.
func TestCellsAreRestored(t *testing.T) {
	t.Parallel()
	b := newBench(t).withOwnCache()
	b.cfg.Isolation, b.cfg.Jobs = plan.IsolationCell, 2
	k := []kernels.Kernel{testKernel(t, "6.12")}
	run := func() {
		t.Helper()
		cells, err := b.run(k, "tmpfs,xfs", "TestPunchHoleInPage/(small|large)-clean")
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range cells {
			if c.Attempts != 1 || c.Timing.Restore == 0 || c.Timing.Boot != 0 || c.Timing.Test == 0 || c.Covariates[labexec.CovariateBooted] != "" {
				t.Errorf("%s: %s (%s) after %d attempts, %+v", name, c.Verdict, c.Detail, c.Attempts, c.Timing)
			}
		}
		if c := cells["xfs splice.TestPunchHoleInPage/small-clean"]; c.Outcome != outcome.Snapshot {
			t.Errorf("xfs: %s (%s), want a snapshot", c.Outcome, c.Detail)
		}
	}
	run()
	first := memories(t, b.cfg.CacheDir)
	if len(first) != 3 {
		t.Errorf("%d templates, want the kernel's and one for each filesystem", len(first))
	}
	run()
	for p, at := range memories(t, b.cfg.CacheDir) {
		if !at.Equal(first[p]) {
			t.Errorf("%s was made again", p)
		}
	}
}

// What cannot be restored is booted: it is said once, and each cell is marked.
func TestWhatCannotBeRestoredIsBooted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cfg.Isolation, b.cfg.Jobs = plan.IsolationCell, 2
	full := testKernel(t, "6.12")
	// Without its modules the kernel has no driver but NVMe's.
	bare := treeKernel(t, filepath.Join(os.Getenv("SPLICELAB_TEST_KERNELS"), full.Release), false)
	ps, err := images.Select("ext4", nil)
	if err != nil {
		t.Fatal(err)
	}
	suites := []protocol.Suite{{Name: "splice", Tests: []protocol.Test{{Name: "TestWrite", Cells: []string{"small-clean", "large-clean"}}}}}
	ks := Ready{bare}
	p, err := plan.New(ks.Plan(), ps, suites, "")
	if err != nil {
		t.Fatal(err)
	}
	l, err := New(b.cfg, b.store)
	if err != nil {
		t.Fatal(err)
	}
	var said notices
	run, err := l.Run(t.Context(), p, ks, &said)
	if err != nil {
		t.Fatal(err)
	}
	cells, err := b.store.Cells(t.Context(), run.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cells {
		if c.Outcome != outcome.Live || c.Timing.Boot == 0 || c.Timing.Restore != 0 || !strings.Contains(c.Covariates[labexec.CovariateBooted], "nvme") {
			t.Errorf("%s: %s %s (%s), %+v, %v", c.Test, c.Verdict, c.Outcome, c.Detail, c.Timing, c.Covariates)
		}
	}
	if len(said.said) != 1 || !strings.Contains(said.said[0], "nvme") {
		t.Errorf("it was said: %q", said.said)
	}
}

// A kernel that dies where the template is made gives its cells their verdict,
// and is not asked again for each of them.
func TestCrashWhereTheTemplateIsMade(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cfg.Isolation, b.cfg.Jobs = plan.IsolationCell, 2
	debugfs, err := exec.LookPath("debugfs")
	if err != nil {
		t.Skip("debugfs not found: install e2fsprogs")
	}
	mkfs, err := exec.LookPath("mkfs.ext4")
	if err != nil {
		t.Skip("mkfs.ext4 not found: install e2fsprogs")
	}
	// The image is damaged as soon as it is made: its root is gone.
	bin := t.TempDir()
	script := "#!/bin/sh\n" + mkfs + ` "$@" || exit
for image; do :; done
` + debugfs + ` -w -R "clri <2>" "$image"
`
	if err := os.WriteFile(filepath.Join(bin, "mkfs.ext4"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	b.cfg.MkfsPath = []string{bin}
	ps, err := images.Select("ext4", nil)
	if err != nil {
		t.Fatal(err)
	}
	ps[0].Options = "errors=panic"
	suites, err := suite.List(t.Context(), b.cfg.GuestDir)
	if err != nil {
		t.Fatal(err)
	}
	ks := Ready{testKernel(t, "6.12")}
	p, err := plan.New(ks.Plan(), ps, suites, "TestWrite/")
	if err != nil {
		t.Fatal(err)
	}
	l, err := New(b.cfg, b.store)
	if err != nil {
		t.Fatal(err)
	}
	run, err := l.Run(t.Context(), p, ks, nil)
	if err != nil {
		t.Fatal(err)
	}
	cells, err := b.store.Cells(context.Background(), run.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cells {
		if c.Verdict != outcome.Crash || c.Attempts != 1 || !strings.Contains(c.Detail, "EXT4") {
			t.Errorf("%s: %s (%s) after %d attempts", c.Test, c.Verdict, c.Detail, c.Attempts)
		}
		if c.Timing.Spawn != 0 || c.Timing.Boot != 0 {
			t.Errorf("%s: it had a machine of its own: %+v", c.Test, c.Timing)
		}
	}
}

// The machine that cells share is restored where that is asked for. A crash in
// it is confirmed by one that is booted, in which the others go on.
func TestSharedMachinesAreRestored(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cfg.Isolation, b.cfg.Jobs, b.cfg.RestoreShared = plan.IsolationVM, 2, true
	cells, err := b.run([]kernels.Kernel{testKernel(t, "6.12")}, "xfs", "TestPunchHoleInPage/|selftest.TestPanicKernel$")
	if err != nil {
		t.Fatal(err)
	}
	restored := 0
	for name, c := range cells {
		if c.Timing.Restore != 0 {
			restored++
		}
		switch {
		case strings.HasSuffix(name, "selftest.TestPanicKernel"):
			if c.Verdict != outcome.Crash || c.Infra != 1 || c.Covariates[labexec.CovariateBooted] == "" {
				t.Errorf("%s: %s (%s) after %d attempts, %v", name, c.Verdict, c.Detail, c.Attempts, c.Covariates)
			}
		case c.Attempts != 1 || c.Outcome == outcome.None:
			t.Errorf("%s: %s (%s) after %d attempts", name, c.Verdict, c.Detail, c.Attempts)
		}
	}
	if restored == 0 {
		t.Error("no machine was restored")
	}
}
