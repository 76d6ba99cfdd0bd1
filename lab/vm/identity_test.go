package vm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// QEMU is identified by its content: a copy elsewhere has the same identity,
// and a binary that replaced it another, even with the old size and mtime.
func TestIdentityOfQEMU(t *testing.T) {
	dir := t.TempDir()
	binary := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	identity := func(path string) string {
		t.Helper()
		id, err := Identity(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	a := binary("a", "one QEMU")
	first := identity(a)
	if copied := identity(binary("b", "one QEMU")); copied != first {
		t.Errorf("a copy is %s, the original %s", copied, first)
	}
	st, err := os.Stat(a)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(binary("new", "two QEMU"), a); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(a, st.ModTime(), st.ModTime()); err != nil {
		t.Fatal(err)
	}
	if identity(a) == first {
		t.Error("another binary of the same path, size and mtime has the same identity")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Identity(ctx, binary("c", "three")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	var none *NoQEMUError
	if _, err := Identity(t.Context(), filepath.Join(dir, "missing")); !errors.As(err, &none) {
		t.Errorf("missing: %v", err)
	}
}

// The identity of a VM has what a guest observes, and no path.
func TestIdentityOfConfig(t *testing.T) {
	kernel := blank(t)
	base := Config{Kernel: kernel, Disks: []Disk{{Path: kernel}}}
	identity := func(c Config) string {
		t.Helper()
		id, err := c.Identity()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(id, "\n")
	}
	first := identity(base)
	if strings.Contains(first, filepath.Dir(kernel)) {
		t.Errorf("the identity has a path: %s", first)
	}
	moved := base
	moved.Kernel = blank(t)
	moved.Disks = []Disk{{Path: moved.Kernel}}
	if identity(moved) != first {
		t.Error("other paths, another identity")
	}
	for name, change := range map[string]func(*Config){
		"memory":      func(c *Config) { c.MemoryMiB = 1024 },
		"CPUs":        func(c *Config) { c.CPUs = 2 },
		"arguments":   func(c *Config) { c.Append = []string{"quiet"} },
		"disk driver": func(c *Config) { c.Disks = []Disk{{Path: kernel, Driver: NVMe}} },
		"disk count":  func(c *Config) { c.Disks = nil },
		"accelerator": func(c *Config) { c.Accel = KVM },
	} {
		c := base
		if change(&c); identity(c) == first {
			t.Errorf("%s: the same identity", name)
		}
	}
	if _, err := (Config{}).Identity(); err == nil {
		t.Error("an invalid Config has an identity")
	}
}

// Under KVM the guest sees the host's CPU; under TCG it does not.
func TestIdentityHasTheHostCPU(t *testing.T) {
	cpu, err := hostCPU()
	if err != nil {
		t.Fatal(err)
	}
	kernel := blank(t)
	for accel, want := range map[Accel]bool{TCG: false, KVM: true} {
		id, err := Config{Kernel: kernel, Accel: accel}.Identity()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(id, "\n"), cpu); got != want {
			t.Errorf("%s: host CPU in the identity: %t, want %t", accel, got, want)
		}
	}
}

func TestParseCPU(t *testing.T) {
	const info = "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu MHz\t\t: 2445.4\nmicrocode\t: 0x1000065\nflags\t\t: fpu vme\n\nprocessor\t: 1\nflags\t\t: other\n"
	got, err := parseCPU(strings.NewReader(info))
	if want := "vendor_id: AuthenticAMD\nmicrocode: 0x1000065\nflags: fpu vme\n"; got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	// Neither which CPU it is nor its present frequency is its model.
	other, _ := parseCPU(strings.NewReader(strings.ReplaceAll(info, "2445.4", "1500.0")))
	if other != got {
		t.Error("the identity changes with the CPU's frequency")
	}
	for _, changed := range []string{"0x1000066", "0x1"} {
		if other, _ := parseCPU(strings.NewReader(strings.ReplaceAll(info, "0x1000065", changed))); other == got {
			t.Errorf("microcode %s: the same identity", changed)
		}
	}
	const arm = "processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n\nprocessor\t: 1\n"
	if got, err := parseCPU(strings.NewReader(arm)); got != "Features: fp asimd\nCPU implementer: 0x41\nCPU part: 0xd0c\n" || err != nil {
		t.Errorf("arm64: %q, %v", got, err)
	}
	if _, err := parseCPU(strings.NewReader("")); err == nil {
		t.Error("an empty cpuinfo names a CPU")
	}
}
