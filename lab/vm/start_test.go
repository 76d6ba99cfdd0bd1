package vm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestBadConfig(t *testing.T) {
	kernel := blank(t)
	for name, c := range map[string]struct {
		cfg  Config
		want string
	}{
		"no kernel":        {Config{}, "no kernel"},
		"kernel missing":   {Config{Kernel: "/nonexistent/vmlinux"}, "/nonexistent/vmlinux"},
		"initrd missing":   {Config{Kernel: kernel, Initrd: "/nonexistent/initrd"}, "/nonexistent/initrd"},
		"disk missing":     {Config{Kernel: kernel, Disks: []Disk{{Path: "/nonexistent/disk"}}}, "disk 0"},
		"driver unknown":   {Config{Kernel: kernel, Disks: []Disk{{Path: kernel, Driver: "floppy"}}}, "virtio-blk, nvme or pmem"},
		"memory in bytes":  {Config{Kernel: kernel, MemoryMiB: 512 << 20}, "guest memory"},
		"too many CPUs":    {Config{Kernel: kernel, CPUs: 1000}, "guest CPUs"},
		"not chosen":       {Config{Kernel: kernel, Accel: Auto}, "choose"},
		"negative console": {Config{Kernel: kernel, Console: -1}, "console"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Start(t.Context(), c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want something about %q", err, c.want)
			}
		})
	}
}

func TestNoQEMU(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "qemu")
	_, err := Start(t.Context(), Config{QEMU: missing, Kernel: blank(t)})
	var none *NoQEMUError
	if !errors.As(err, &none) || none.Binary != missing {
		t.Errorf("start: %v", err)
	}
	if _, err := Version(t.Context(), missing); !errors.As(err, &none) {
		t.Errorf("version: %v", err)
	}
}

func TestVersion(t *testing.T) {
	needQEMU(t)
	got, err := Version(t.Context(), "")
	if err != nil || got == "" || got[0] < '0' || got[0] > '9' {
		t.Errorf("version %q, %v", got, err)
	}
	if v, err := Version(t.Context(), "echo"); err == nil {
		t.Errorf("echo is QEMU %q", v)
	}
}

// QEMU's complaint is in the error.
func TestQEMURefuses(t *testing.T) {
	needQEMU(t)
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	before := openFiles(t)
	_, err := Start(t.Context(), Config{Kernel: empty})
	var refused *StartError
	if !errors.As(err, &refused) || refused.Exit.Code == 0 || refused.Exit.ByGuest() {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), "kernel") || !strings.Contains(err.Error(), "status 1") {
		t.Errorf("the error lacks the reason: %v", err)
	}
	if after := openFiles(t); after > before {
		t.Errorf("%d open files, %d before", after, before)
	}
}

func TestArguments(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a,b:c")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(dir, "disk")
	if err := os.WriteFile(image, make([]byte, 4096), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, err := Config{Kernel: image, Disks: []Disk{{Path: image}, {Path: image, Driver: NVMe}, {Path: image, Driver: Pmem}}, Append: []string{"panic=0"}}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	w, err := openPorts(cfg.Disks)
	if err != nil {
		t.Fatal(err)
	}
	defer w.closeHostEnds()
	defer w.closeGuestEnds()
	args := cfg.args(w)
	for _, want := range []string{
		"-nodefaults", "-no-user-config", "-no-reboot",
		"file=" + strings.ReplaceAll(image, ",", ",,"),
		"virtio-blk-pci,drive=disk0,serial=disk0", "nvme,drive=disk1,serial=disk1",
		fmt.Sprintf("mem-path=/proc/self/fd/%d,size=4096", 3+numPorts), "memdev=pmem0",
	} {
		if !slices.ContainsFunc(args, func(a string) bool { return a == want || strings.HasSuffix(a, ","+want) }) {
			t.Errorf("no %q in %q", want, args)
		}
	}
	line := args[slices.Index(args, "-append")+1]
	if !strings.HasSuffix(line, " panic=0") {
		t.Errorf("the caller's kernel arguments do not come last: %q", line)
	}
	// QEMU itself accepts such names.
	if _, err := lookQEMU(""); err == nil {
		cfg.Kernel = blank(t)
		start(t, t.Context(), cfg).Kill()
	}
}
