package bench

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/lab/vm"
)

// vmConfig measures as little as there is, on a kernel of
// SPLICELAB_TEST_KERNELS; see lab/vm_test.go.
func vmConfig(t *testing.T) Config {
	t.Helper()
	if os.Getenv("SPLICELAB_VM_TESTS") != "1" {
		t.Skip("SPLICELAB_VM_TESTS=1 not set: boots real kernels")
	}
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		t.Skip("qemu-system-x86_64 not found: install qemu-system-x86")
	}
	guest := os.Getenv("SPLICELAB_GUEST_DIR")
	if guest == "" {
		t.Skip("SPLICELAB_GUEST_DIR not set: no guest programs")
	}
	trees, _ := filepath.Glob(filepath.Join(os.Getenv("SPLICELAB_TEST_KERNELS"), "6.12.*"))
	if os.Getenv("SPLICELAB_TEST_KERNELS") == "" || len(trees) == 0 {
		t.Skip("no kernel 6.12 in SPLICELAB_TEST_KERNELS")
	}
	tree := trees[len(trees)-1]
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
	value := func(p string) string { return strings.ReplaceAll(p, "+", "%2B") }
	store, err := kernels.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	e, err := kernels.Files{Store: store}.Entry("file:" + first("boot/vmlinuz-"+r, "usr/lib/modules/"+r+"/vmlinuz") +
		"?modules=" + value(first("lib/modules/"+r, "usr/lib/modules/"+r)) +
		"&config=" + value(first("boot/config-"+r, "usr/lib/modules/"+r+"/config")))
	if err != nil {
		t.Fatal(err)
	}
	k, err := e.Source.Fetch(t.Context(), e, nil)
	if err != nil {
		t.Fatal(err)
	}
	ps, err := images.Select("tmpfs", nil)
	if err != nil {
		t.Fatal(err)
	}
	suites, err := suite.List(t.Context(), guest)
	if err != nil {
		t.Fatal(err)
	}
	test, sibling, batch, err := Pick(suites, `^splice\.TestWrite/small-clean$`)
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Lab:    lab.Config{GuestDir: guest, CacheDir: filepath.Join(t.TempDir(), "cache"), Accel: vm.TCG, Seed: 1, Version: "test"},
		Kernel: k, Profile: ps[0], Test: test, Sibling: sibling, Batch: batch[:3],
		Repetitions: 1, Held: 2, Dir: t.TempDir(),
	}
}

// TestEverythingIsMeasured: no row is without a sample but those of other
// tools.
func TestEverythingIsMeasured(t *testing.T) {
	if os.Getenv("SPLICELAB_SLOW_TESTS") != "1" {
		t.Skip("SPLICELAB_SLOW_TESTS=1 not set: boots some fifteen VMs; make test-slow runs it")
	}
	c := vmConfig(t)
	report, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, s := range report.Sections {
		for _, r := range s.Rows {
			if s.Title != "Other tools" && (len(r.Samples) != 1 || median(r.Samples) < 0) {
				t.Errorf("%s: %v %s", r.What, r.Samples, r.Note)
			}
			got[r.What] = median(r.Samples)
		}
	}
	// One sample each says nothing of which is faster.
	if raw, cold := got["raw boot to PID 1"], got["cold cell"]; raw <= 0 || cold <= 0 {
		t.Errorf("a raw boot took %v s, a cold cell %v s", raw, cold)
	}
	if one, two := got["1 VM, restored, paused after the cell"], got["2 VMs together, restored, paused after the cell"]; one <= 0 || two <= one || two >= 2*one {
		t.Errorf("one VM takes %v MiB, two of the same template %v MiB: they should share some of it", one, two)
	}
	noQEMULeft(t)
}

// TestInterrupted ends the measurement while a VM boots.
func TestInterrupted(t *testing.T) {
	c := vmConfig(t)
	stop := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	c.Progress = func(text string) {
		if strings.HasSuffix(text, "cold cell") {
			cancel(stop)
		}
	}
	if _, err := Run(ctx, c); !errors.Is(err, stop) {
		t.Errorf("ended with %v, want %v", err, stop)
	}
	noQEMULeft(t)
}

func noQEMULeft(t *testing.T) {
	t.Helper()
	procs, _ := filepath.Glob("/proc/[0-9]*/stat")
	self, _, _ := strings.Cut(readFile("/proc/self/stat"), " ")
	for _, p := range procs {
		if f := strings.Fields(readFile(p)); len(f) > 3 && strings.HasPrefix(f[1], "(qemu-system") && f[3] == self && f[2] != "Z" {
			t.Errorf("QEMU process %s is left", f[0])
		}
	}
}

func readFile(p string) string { b, _ := os.ReadFile(p); return string(b) }
