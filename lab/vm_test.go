package lab

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/outcome"
)

// known is the table of what Debian's 6.12 kernels do: a buffered file of 64
// KiB, written and synced, its first 16 KiB spliced, one mutation, then the
// pipe is read. "-" is a skip.
var known = []struct{ test, tmpfs, ext4, xfs, btrfs string }{
	{"TestWrite/large-clean", "live", "live", "live", "live"},
	{"TestWriteDirect/large-clean", "live", "snapshot", "snapshot", "live"},
	{"TestMmapStore/large-clean", "live", "live", "live", "live"},
	{"TestPunchHoleInFolio/large-clean", "snapshot", "snapshot", "zeroed", "snapshot"},
	{"TestPunchHoleInPage/large-clean", "zeroed", "zeroed", "phantom-zero", "zeroed"},
	{"TestZeroRange/large-clean", "-", "snapshot", "zeroed", "snapshot"},
	{"TestCollapseRange/large-clean", "-", "snapshot", "phantom-zero", "-"},
	{"TestTruncateToZero/large-clean", "snapshot", "snapshot", "snapshot", "snapshot"},
	{"TestTruncateInPage/large-clean", "zeroed", "zeroed", "zeroed", "zeroed"},
	{"TestDropCaches/large-clean", "snapshot", "snapshot", "snapshot", "snapshot"},
	{"TestSendfileWrite/large-clean", "live", "live", "live", "live"},
}

func TestKnownResults(t *testing.T) {
	t.Parallel()
	b := newBench(t).restoreShared()
	var alts []string
	for _, k := range known {
		alts = append(alts, k.test)
	}
	cells, err := b.run([]kernels.Kernel{testKernel(t, "6.12")}, "tmpfs,ext4,xfs,btrfs", `splice\.(`+strings.Join(alts, "|")+`)$`)
	if err != nil {
		t.Error(err)
	}
	for _, k := range known {
		for fs, want := range map[string]string{"tmpfs": k.tmpfs, "ext4": k.ext4, "xfs": k.xfs, "btrfs": k.btrfs} {
			c := cells[fs+" splice."+k.test]
			got := string(c.Outcome)
			if c.Verdict == outcome.Skip {
				got = "-"
			}
			if got != want {
				t.Errorf("%s on %s: got %q (%s: %s), want %q", k.test, fs, got, c.Verdict, c.Detail, want)
			}
		}
	}
}

// TestFactsAcrossVersions: 5.10 differs from later kernels in known ways.
func TestFactsAcrossVersions(t *testing.T) {
	t.Parallel()
	b := newBench(t).restoreShared()
	k := testKernel(t, "5.10")
	cells, err := b.run([]kernels.Kernel{k}, "tmpfs,ext4", "SendfileWrite/large|DeviceSource|WriteDirect/large|UDP")
	if err != nil {
		t.Error(err)
	}
	if c := cells["ext4 splice.TestSendfileWrite/large-clean"]; c.Outcome != outcome.Snapshot {
		t.Errorf("sendfile to a pipe on 5.10 is %q (%s), want snapshot: it copies", c.Outcome, c.Detail)
	}
	if c := cells["tmpfs splice.TestDeviceSource/zero"]; c.Outcome != outcome.Error || !strings.Contains(c.Detail, "EINVAL") {
		t.Errorf("splice from /dev/zero on 5.10 is %q (%s), want error, EINVAL", c.Outcome, c.Detail)
	}
	if c := cells["tmpfs splice.TestWriteDirect/large-clean"]; c.Verdict != outcome.Skip {
		t.Errorf("O_DIRECT on tmpfs on 5.10 is %s (%s), want skip", c.Verdict, c.Detail)
	}
}

// TestIsolationDoesNotMatter: a cell comes to the same in a VM of its own.
func TestIsolationDoesNotMatter(t *testing.T) {
	t.Parallel()
	b := newBench(t).restoreShared()
	k := []kernels.Kernel{testKernel(t, "6.12")}
	const some = "TestPunchHoleInPage/(small|large)-clean|TestUnmount/small-clean"
	shared, err := b.run(k, "xfs", some)
	if err != nil {
		t.Fatal(err)
	}
	b.cfg.Isolation = plan.IsolationCell
	own, err := b.run(k, "xfs", some)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range shared {
		if o := own[name]; o.Outcome != c.Outcome || o.Verdict != c.Verdict {
			t.Errorf("%s: %s %s in a shared VM, %s %s (%s) in its own", name, c.Verdict, c.Outcome, o.Verdict, o.Outcome, o.Detail)
		}
	}
}

// TestKernelWithoutModules: a bare image runs on what is built into it.
func TestKernelWithoutModules(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	full := testKernel(t, "6.12")
	bare := treeKernel(t, filepath.Join(os.Getenv("SPLICELAB_TEST_KERNELS"), full.Release), false)
	if bare.Modules != "" {
		t.Fatalf("the bare kernel has modules in %s", bare.Modules)
	}
	cells, err := b.run([]kernels.Kernel{bare}, "tmpfs,ext4,xfs", "TestWrite/large-clean")
	if err != nil {
		t.Error(err)
	}
	for _, fs := range []string{"tmpfs", "ext4"} {
		if c := cells[fs+" splice.TestWrite/large-clean"]; c.Outcome != outcome.Live {
			t.Errorf("%s: %s %s (%s), want live", fs, c.Verdict, c.Outcome, c.Detail)
		}
	}
	if c := cells["xfs splice.TestWrite/large-clean"]; c.Verdict != outcome.Skip || !strings.Contains(c.Detail, "ENODEV") {
		t.Errorf("xfs: %s (%s), want a skip that names ENODEV", c.Verdict, c.Detail)
	}
}

// TestManyCellsLeaveNothing runs dozens of cells two at a time, twice; "make
// test-slow" some hundred.
func TestManyCellsLeaveNothing(t *testing.T) {
	k := []kernels.Kernel{testKernel(t, "6.12")}
	const profiles = "tmpfs,xfs"
	b := newBench(t).restoreShared().withCopiedCache(k[0], profiles, "^splice.TestWrite/small-clean$")
	b.cfg.Jobs = 2
	t.Setenv("TMPDIR", t.TempDir())
	many, least := "Truncate|Count", 40
	if slow() {
		many, least = "Write|Truncate|Count|PunchHole|MmapStore", 100
	}
	first, err := b.run(k, profiles, many)
	if err != nil {
		t.Fatal(err)
	}
	if len(first) < least {
		t.Fatalf("only %d cells", len(first))
	}
	again, err := b.run(k, profiles, many)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range first {
		if o := again[name]; o.Verdict != c.Verdict || o.Outcome != c.Outcome {
			t.Errorf("%s: %s %s (%s), then %s %s (%s)", name, c.Verdict, c.Outcome, c.Detail, o.Verdict, o.Outcome, o.Detail)
		}
	}
	noQEMULeft(t)
	for _, dir := range []string{os.Getenv("TMPDIR"), filepath.Join(b.cfg.CacheDir, "tmp")} {
		_ = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				t.Errorf("%s is left", p)
			}
			return nil
		})
	}
}
