package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/artifact"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
	"github.com/splicelab/splicelab/tests/selftest"
)

// The tests in this file boot real kernels. They run when SPLICELAB_VM_TESTS
// is 1, on the kernels in the directory that SPLICELAB_TEST_KERNELS names: one
// unpacked package tree a release, as `make test` lays them out.

func needVMs(t *testing.T) {
	t.Helper()
	if os.Getenv("SPLICELAB_VM_TESTS") != "1" {
		t.Skip("SPLICELAB_VM_TESTS=1 not set: boots real kernels")
	}
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		t.Skip("qemu-system-x86_64 not found: install qemu-system-x86")
	}
}

// testKernel is the newest kernel of a series in SPLICELAB_TEST_KERNELS.
func testKernel(t *testing.T, series string) kernels.Kernel {
	t.Helper()
	dir := os.Getenv("SPLICELAB_TEST_KERNELS")
	if dir == "" {
		t.Skip("SPLICELAB_TEST_KERNELS not set: no kernels to boot")
	}
	trees, err := filepath.Glob(filepath.Join(dir, series+".*"))
	if err != nil || len(trees) == 0 {
		t.Skipf("no kernel %s in SPLICELAB_TEST_KERNELS=%s", series, dir)
	}
	return treeKernel(t, trees[len(trees)-1], true)
}

// thorough is usual, and more for "make test-slow": what takes minutes is done
// on one kernel by "make test".
func thorough(usual string, more ...string) []string {
	if !slow() {
		more = nil
	}
	return append([]string{usual}, more...)
}

func slow() bool { return os.Getenv("SPLICELAB_SLOW_TESTS") == "1" }

// treeKernel reads an unpacked package tree through the file source.
func treeKernel(t *testing.T, tree string, modules bool) kernels.Kernel {
	t.Helper()
	r := filepath.Base(tree)
	first := func(paths ...string) string {
		for _, p := range paths {
			if _, err := os.Stat(filepath.Join(tree, p)); err == nil {
				return filepath.Join(tree, p)
			}
		}
		t.Fatalf("kernel tree %s has none of %v", tree, paths)
		return ""
	}
	sel := "file:" + first("boot/vmlinuz-"+r, "boot/vmlinux-"+r, "usr/lib/modules/"+r+"/vmlinuz")
	if modules {
		sel += "?modules=" + escape(first("lib/modules/"+r, "usr/lib/modules/"+r)) +
			"&config=" + escape(first("boot/config-"+r, "usr/lib/modules/"+r+"/config"))
	}
	e, err := kernels.Files{}.Entry(sel)
	if err != nil {
		t.Fatal(err)
	}
	k, err := e.Source.Fetch(t.Context(), e, nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// escape writes a path as a value in a file selector.
func escape(p string) string { return strings.ReplaceAll(p, "+", "%2B") }

// guestPrograms is where the guest programs are: SPLICELAB_GUEST_DIR, or
// built here.
func guestPrograms(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("SPLICELAB_GUEST_DIR"); dir != "" {
		return dir
	}
	dir := t.TempDir()
	for _, args := range [][]string{
		{"build", "-o", filepath.Join(dir, "agent"), "github.com/splicelab/splicelab/images/guest"},
		{"test", "-c", "-o", filepath.Join(dir, "splice.test"), "github.com/splicelab/splicelab/tests/splice"},
		{"test", "-c", "-o", filepath.Join(dir, "selftest.test"), "github.com/splicelab/splicelab/tests/selftest"},
		{"test", "-c", "-o", filepath.Join(dir, "program"), "github.com/splicelab/splicelab/tests/program"},
	} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if b, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, b)
		}
	}
	return dir
}

// sharedCache has the images and templates of the tests that do not look into
// their cache: making them again for each test costs several boots.
var sharedCache string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "splicelab-lab-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	sharedCache = dir
	code := m.Run()
	for _, pid := range qemus() {
		fmt.Fprintf(os.Stderr, "QEMU process %s is left\n", pid)
		code = 1
	}
	if err := os.RemoveAll(dir); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// restoreShared restores the VMs that cells share, for tests that are not about
// booting: that takes a tenth of the time.
func (b *bench) restoreShared() *bench {
	b.cfg.RestoreShared = true
	return b
}

// bench runs plans on real kernels.
type bench struct {
	t        *testing.T
	cfg      Config
	store    *store.Store
	controls bool              // plan the control cells, too, which take as long as five others
	oneEach  bool              // plan one cell of each test
	mount    map[string]string // profile → its mount options, in place of its own
}

func newBench(t *testing.T) *bench {
	t.Helper()
	needVMs(t)
	dir := t.TempDir()
	store, err := store.Open(filepath.Join(dir, "results.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	cfg := Config{CacheDir: sharedCache, GuestDir: guestPrograms(t), Accel: vm.TCG, Seed: 1, Isolation: plan.IsolationVM}
	return &bench{t: t, cfg: cfg, store: store}
}

// withOwnCache is for tests that look into the cache, or spoil it.
func (b *bench) withOwnCache() *bench {
	b.cfg.CacheDir = b.t.TempDir()
	return b
}

// withCopiedCache is withOwnCache, with copies of what these cells of the kernel
// need: booting it again would show nothing new.
func (b *bench) withCopiedCache(k kernels.Kernel, profiles, pattern string) *bench {
	b.t.Helper()
	shared, isolation, began := b.cfg.CacheDir, b.cfg.Isolation, time.Now()
	b.cfg.Isolation = plan.IsolationCell
	if _, err := b.run([]kernels.Kernel{k}, profiles, pattern); err != nil {
		b.t.Fatal(err)
	}
	b.cfg.Isolation = isolation
	b.withOwnCache()
	copyTo := func(from, to string) {
		if out, err := exec.CommandContext(b.t.Context(), "cp", "-a", "--sparse=always", from, to).CombinedOutput(); err != nil {
			b.t.Fatalf("%v: %s", err, out)
		}
	}
	copyTo(filepath.Join(shared, "images"), b.cfg.CacheDir)
	to := filepath.Join(b.cfg.CacheDir, "templates")
	if err := os.Mkdir(to, 0o755); err != nil {
		b.t.Fatal(err)
	}
	// Whoever uses a template touches its manifest.
	manifests, err := filepath.Glob(filepath.Join(shared, "templates", "*", artifact.ManifestFile))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, m := range manifests {
		if st, err := os.Stat(m); err == nil && !st.ModTime().Before(began) {
			copyTo(filepath.Dir(m), to)
		}
	}
	return b
}

// plan selects the guest programs' tests by a pattern.
func (b *bench) plan(ks []kernels.Kernel, profiles, pattern string) plan.Plan {
	b.t.Helper()
	ps, err := images.Select(profiles, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := range ps {
		if options, ok := b.mount[ps[i].Name]; ok {
			ps[i].Options = options
		}
	}
	p, err := plan.New(Ready(ks).Plan(), ps, b.suites(), pattern)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// suites are the guest programs' suites, without what is not to be planned.
func (b *bench) suites() []protocol.Suite {
	b.t.Helper()
	suites, err := suite.List(b.t.Context(), b.cfg.GuestDir)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := range suites {
		if !b.controls {
			suites[i].Tests = slices.DeleteFunc(suites[i].Tests, func(t protocol.Test) bool { return t.Control })
		}
		for j := range suites[i].Tests {
			if t := &suites[i].Tests[j]; b.oneEach && !t.Control && len(t.Cells) > 0 {
				t.Cells = t.Cells[:1]
			}
		}
	}
	return suites
}

// run runs a plan and returns its cells by "fs test".
func (b *bench) run(ks []kernels.Kernel, profiles, pattern string) (map[string]results.Cell, error) {
	b.t.Helper()
	p := b.plan(ks, profiles, pattern)
	l, err := New(b.cfg, b.store)
	if err != nil {
		b.t.Fatal(err)
	}
	run, err := l.Run(b.t.Context(), p, Ready(ks), nil)
	cells, serr := b.store.Cells(context.Background(), run.ID)
	if serr != nil {
		b.t.Fatal(serr)
	}
	if len(cells) != p.Cells() {
		b.t.Errorf("%d of %d planned cells were stored", len(cells), p.Cells())
	}
	out := map[string]results.Cell{}
	for _, c := range cells {
		key := c.FS + " " + c.Test
		if len(ks) > 1 {
			key = c.Kernel + " " + key
		}
		out[key] = c
	}
	return out, err
}

// TestSelftestVerdicts shows that each way in which a test can misbehave
// becomes the verdict that it should, and costs no other cell anything.
func TestSelftestVerdicts(t *testing.T) {
	t.Parallel()
	for _, series := range thorough("6.12", "5.10") {
		t.Run(series, func(t *testing.T) {
			t.Parallel() // most of it is waiting for what hangs
			b := newBench(t)
			ks := []kernels.Kernel{testKernel(t, series)}
			cells, err := b.run(ks, "tmpfs", `^selftest\.Test([^HKL]|H[^a])`)
			var infra *sched.InfraError
			if !errors.As(err, &infra) {
				t.Errorf("the run ended with %v, want an *sched.InfraError for the cells that are infra", err)
			}
			// What hangs need not hang for long; what floods needs its time. An agent
			// whose code is gone sleeps on until the lab asks whether it is there.
			b.cfg.Deadlines = job.Deadlines{Silence: 4 * time.Second, Cell: 6 * time.Second}
			hung, err := b.run(ks, "ext4", `^selftest\.Test(Hang|KillAgent)`)
			if !errors.As(err, &infra) {
				t.Errorf("the run of what hangs ended with %v, want an *sched.InfraError", err)
			}
			for k, c := range hung {
				cells[strings.Replace(k, "ext4", "tmpfs", 1)] = c
			}
			want, got := map[string]outcome.Verdict{}, map[string]outcome.Verdict{}
			for name, v := range selftest.Expected {
				if name == "TestLeave" {
					continue // whose cells must not share a VM
				}
				key := "tmpfs selftest." + name
				c := cells[key]
				want[name], got[name] = v, c.Verdict
				if c.Verdict == outcome.Skip && v != outcome.Skip && c.Detail != "" {
					delete(want, name) // not every kernel can be hurt in every way; it says why
					delete(got, name)
					t.Logf("%s skipped: %s", name, c.Detail)
				}
				if c.Verdict == outcome.Infra && c.Attempts != 1+sched.InfraRetries {
					t.Errorf("%s: infra after %d attempts, want %d", name, c.Attempts, 1+sched.InfraRetries)
				}
				if strings.ContainsAny(c.Detail+c.Output+c.Console, "\x1b\x00") {
					t.Errorf("%s: control characters were stored", name)
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("verdicts (-want +got):\n%s", d)
				for _, k := range slices.Sorted(maps.Keys(cells)) {
					t.Logf("%s: %s %s", k, cells[k].Verdict, cells[k].Detail)
				}
			}
		})
	}
}

// noQEMULeft fails if this process has a QEMU among its descendants. It is for
// tests that run alone; TestMain looks after all of them.
func noQEMULeft(t *testing.T) {
	t.Helper()
	for _, pid := range qemus() {
		t.Errorf("QEMU process %s is left", pid)
	}
}

// qemus are the QEMU processes of this one.
func qemus() (pids []string) {
	procs, _ := filepath.Glob("/proc/[0-9]*/stat")
	self := strings.Fields(readFile("/proc/self/stat"))[0]
	for _, p := range procs {
		f := strings.Fields(readFile(p))
		if len(f) > 3 && strings.HasPrefix(f[1], "(qemu-system") && f[3] == self && f[2] != "Z" {
			pids = append(pids, f[0])
		}
	}
	return pids
}

func readFile(p string) string { b, _ := os.ReadFile(p); return string(b) + " " }

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
	cells, err := b.run([]kernels.Kernel{k}, "tmpfs,ext4", "SendfileWrite|DeviceSource|WriteDirect|UDP")
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

// TestManyCellsLeaveNothing runs a hundred cells two at a time, twice.
func TestManyCellsLeaveNothing(t *testing.T) {
	k := []kernels.Kernel{testKernel(t, "6.12")}
	const profiles = "tmpfs,xfs"
	b := newBench(t).restoreShared().withCopiedCache(k[0], profiles, "^splice.TestWrite/small-clean$")
	b.cfg.Jobs = 2
	t.Setenv("TMPDIR", t.TempDir())
	const many = "Write|Truncate|Count|PunchHole|MmapStore"
	first, err := b.run(k, profiles, many)
	if err != nil {
		t.Fatal(err)
	}
	if len(first) < 100 {
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
