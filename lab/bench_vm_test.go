package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/artifact"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// The tests in *vm_test.go boot real kernels. They run when SPLICELAB_VM_TESTS
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

// trees are the kernels that treeKernel has read, by selector.
var trees = struct {
	sync.Mutex
	read map[string]kernels.Kernel
}{read: map[string]kernels.Kernel{}}

// treeKernel reads an unpacked package tree through the file source, with a store:
// a kernel that unpacks itself spends as long on that as on the rest of its boot.
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
	trees.Lock()
	defer trees.Unlock()
	if k, ok := trees.read[sel]; ok {
		return k
	}
	store, err := kernels.OpenStore(filepath.Join(sharedCache, "kernels"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := kernels.Files{Store: store}.Entry(sel)
	if err != nil {
		t.Fatal(err)
	}
	k, err := e.Source.Fetch(t.Context(), e, nil)
	if err != nil {
		t.Fatal(err)
	}
	trees.read[sel] = k
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
