package vm

import (
	"context"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"
)

// needVM skips tests that boot, unless they are enabled and QEMU is installed.
func needVM(t *testing.T) {
	t.Helper()
	if os.Getenv("SPLICELAB_VM_TESTS") != "1" {
		t.Skip("SPLICELAB_VM_TESTS=1 not set: boots real kernels")
	}
	needQEMU(t)
}

// needQEMU skips tests that run QEMU without booting anything.
func needQEMU(t *testing.T) {
	t.Helper()
	if _, err := lookQEMU(""); err != nil {
		t.Skip(err)
	}
}

// newest is the series of the newest available kernel.
const newest = ""

// testKernel returns a bzImage of the first of the given series that is in
// SPLICELAB_TEST_KERNELS, a directory of unpacked kernel packages, one per
// release. Without series any kernel will do.
func testKernel(t *testing.T, series ...string) string {
	t.Helper()
	dir := os.Getenv("SPLICELAB_TEST_KERNELS")
	if dir == "" {
		t.Skip("SPLICELAB_TEST_KERNELS not set: a directory of unpacked kernel packages")
	}
	if len(series) == 0 {
		series = []string{newest}
	}
	for _, s := range series {
		var found []string
		for _, pattern := range []string{"boot/vmlinuz-*", "usr/lib/modules/*/vmlinuz"} {
			m, _ := filepath.Glob(filepath.Join(dir, s+"*", pattern))
			found = append(found, m...)
		}
		if len(found) > 0 {
			sort.Strings(found)
			return found[len(found)-1]
		}
	}
	t.Skipf("no kernel %s in %s", strings.Join(series, ", "), dir)
	return ""
}

// start boots cfg and makes sure that nothing is left of it.
func start(t *testing.T, ctx context.Context, cfg Config) *VM {
	t.Helper()
	if cfg.TempDir == "" {
		cfg.TempDir = t.TempDir()
	}
	v, err := Start(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Kill)
	return v
}

// await waits for v to terminate.
func await(t *testing.T, v *VM) Exit {
	t.Helper()
	select {
	case <-v.Done():
	case <-time.After(2 * time.Minute):
		t.Fatalf("QEMU still runs; console:\n%s", v.Console().Bytes())
	}
	return v.Exit()
}
