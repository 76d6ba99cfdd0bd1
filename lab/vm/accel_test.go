package vm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseAccel(t *testing.T) {
	for _, s := range []string{"auto", "kvm", "tcg"} {
		if a, err := ParseAccel(s); err != nil || string(a) != s {
			t.Errorf("%s: %q, %v", s, a, err)
		}
	}
	if _, err := ParseAccel("xen"); err == nil || !strings.Contains(err.Error(), "auto, kvm or tcg") {
		t.Errorf("xen: %v, want an error that names the accelerators", err)
	}
}

func TestChooseWithoutQEMU(t *testing.T) {
	cfg := ChooseConfig{QEMU: filepath.Join(t.TempDir(), "qemu")}
	_, _, err := Choose(t.Context(), Auto, cfg)
	var missing *NoQEMUError
	if !errors.As(err, &missing) {
		t.Fatalf("got %v, want a NoQEMUError", err)
	}
	if !strings.Contains(err.Error(), cfg.QEMU) {
		t.Errorf("error lacks %q: %v", cfg.QEMU, err)
	}
}

// Choose gives the same answer from a canary as from the cache, and requesting
// KVM fails exactly when auto avoids it.
func TestChoose(t *testing.T) {
	needVM(t)
	cfg := ChooseConfig{Kernel: testKernel(t, "6.12", "6.1"), CacheDir: t.TempDir()}
	accel, reason, err := Choose(t.Context(), Auto, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %s", accel, reason)
	if reason == "" || strings.Contains(reason, "\n") {
		t.Errorf("reason %q is not one line", reason)
	}

	// The second answer comes from the cache: there is no kernel to boot.
	again, reason2, err := Choose(t.Context(), Auto, ChooseConfig{Kernel: "/nonexistent", CacheDir: cfg.CacheDir})
	if _, serr := os.Stat(kvmDevice); serr == nil && (again != accel || reason2 != reason || err != nil) {
		t.Errorf("second answer %s, %q, %v; first %s, %q", again, reason2, err, accel, reason)
	}

	got, _, err := Choose(t.Context(), KVM, cfg)
	if accel == KVM && (err != nil || got != KVM) {
		t.Errorf("KVM works, but requesting it gives: %s, %v", got, err)
	}
	var broken *NoKVMError
	if accel == TCG && (!errors.As(err, &broken) || got != "") {
		t.Errorf("KVM does not work, but requesting it gives: %q, %v", got, err)
	}
}

func TestChooseTCG(t *testing.T) {
	a, _, err := Choose(t.Context(), TCG, ChooseConfig{QEMU: "/nonexistent"})
	if a != TCG || err != nil {
		t.Errorf("requested TCG, got %q, %v", a, err)
	}
}

// The canary itself, on the accelerator that works everywhere.
func TestCanary(t *testing.T) {
	needVM(t)
	kernel := testKernel(t, "6.12", "6.1")
	if problem, err := bootCanary(t.Context(), TCG, ChooseConfig{Kernel: kernel}, time.Minute); problem != "" || err != nil {
		t.Errorf("a good kernel: problem %q, error %v", problem, err)
	}
	junk := filepath.Join(t.TempDir(), "junk")
	if err := os.WriteFile(junk, make([]byte, 8192), 0o644); err != nil {
		t.Fatal(err)
	}
	if problem, err := bootCanary(t.Context(), TCG, ChooseConfig{Kernel: junk}, time.Second); problem == "" || err != nil {
		t.Errorf("no kernel at all: problem %q, error %v", problem, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := bootCanary(ctx, TCG, ChooseConfig{Kernel: kernel}, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestCanaryMemory(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	good, bad := canaryResult{When: now}, canaryResult{Problem: "no", When: now}
	for _, c := range []struct {
		name string
		kept canaryResult
		at   time.Time
		want bool
	}{
		{"a success lasts", good, now.Add(1000 * time.Hour), true},
		{"a failure holds for a while", bad, now.Add(time.Hour), true},
		{"a failure does not last", bad, now.Add(25 * time.Hour), false},
		{"a failure from the future", bad, now.Add(-time.Hour), false},
	} {
		m := canaryMemory{path: filepath.Join(t.TempDir(), "accel", "x.json")}
		if _, ok := m.recall(now); ok {
			t.Fatal("recalled what was never kept")
		}
		m.keep(c.kept)
		got, ok := m.recall(c.at)
		if ok != c.want || (ok && got != c.kept) {
			t.Errorf("%s: %+v, %v", c.name, got, ok)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(m.path), "canary-*")); left != nil {
			t.Errorf("%s: left %v", c.name, left)
		}
		if err := os.WriteFile(m.path, []byte(`{"when`), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, ok := m.recall(c.at); ok {
			t.Errorf("%s: recalled a corrupt file", c.name)
		}
	}
	none := canaryMemory{}
	none.keep(good)
	if _, ok := none.recall(now); ok {
		t.Error("a cache without a directory has an entry")
	}
}
