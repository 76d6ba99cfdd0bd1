package vm

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// saved makes a template of a guest that has counted to two and has a disk.
func saved(t *testing.T, cfg Config, modules []string) string {
	t.Helper()
	cfg.SaveTo = t.TempDir()
	s := startGuest(t, cfg)
	s.load(modules)
	for _, want := range []string{"1", "2"} {
		s.say("count")
		if got := s.hear(); got != want {
			t.Fatalf("counted to %s, want %s", got, want)
		}
	}
	if err := s.vm.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	return cfg.SaveTo
}

func restored(t *testing.T, cfg Config) session {
	t.Helper()
	s := session{t, start(t, t.Context(), cfg)}
	if err := s.vm.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// Machines of one template know nothing of each other: neither their memory
// nor their disk, and the template stays as it was.
func TestTemplate(t *testing.T) {
	needVM(t)
	kernel := testKernel(t, "5.10", "6.1.")
	modules := virtioModules(t, kernel)
	image, _ := testImage(t)
	cfg := Config{Kernel: kernel, Initrd: guestInitrd(t, modules...), TempDir: t.TempDir(), Disks: []Disk{{Path: image}}}
	dir := saved(t, cfg, modules)
	before := map[string][32]byte{}
	for _, name := range []string{templateMemory, templateState, templateDisk + "0"} {
		before[name] = fileSum(t, filepath.Join(dir, name))
	}

	cfg.Template = dir
	var all []session
	for range 3 {
		all = append(all, restored(t, cfg))
	}
	for _, s := range all {
		for _, want := range []string{"3", "4"} {
			s.say("count")
			if got := s.hear(); got != want {
				t.Errorf("counted to %s, want %s", got, want)
			}
		}
		s.say("disk") // says what is there and writes zeros over it
		if got := s.hear(); got != "what was there.. <nil>" {
			t.Errorf("the guest's disk: %q", got)
		}
	}
	all[0].say("poweroff")
	if exit := await(t, all[0].vm); exit.Reason != "guest-shutdown" {
		t.Errorf("exit %+v, want guest-shutdown", exit)
	}
	for name, sum := range before {
		if fileSum(t, filepath.Join(dir, name)) != sum {
			t.Errorf("%s of the template has changed", name)
		}
	}
	if left, _ := os.ReadDir(cfg.TempDir); len(left) > 0 {
		t.Errorf("an overlay has a name: %v", left)
	}
}

// A template can be made of a machine that came from one; what that one has
// written to its disk goes along.
func TestTemplateOfTemplate(t *testing.T) {
	needVM(t)
	kernel := testKernel(t, "5.10", "6.1.")
	modules := virtioModules(t, kernel)
	image, sum := testImage(t)
	cfg := Config{Kernel: kernel, Initrd: guestInitrd(t, modules...), TempDir: t.TempDir(), Disks: []Disk{{Path: image}}}
	cfg.Template = saved(t, cfg, modules)
	cfg.SaveTo = t.TempDir()
	s := restored(t, cfg)
	s.say("disk")
	if got := s.hear(); got != "what was there.. <nil>" {
		t.Errorf("the guest's disk: %q", got)
	}
	if err := s.vm.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	cfg.Template, cfg.SaveTo = cfg.SaveTo, ""
	s = restored(t, cfg)
	s.say("count")
	if got := s.hear(); got != "3" {
		t.Errorf("counted to %s, want 3", got)
	}
	s.say("disk")
	if got := s.hear(); strings.Trim(got, "\x00") != " <nil>" {
		t.Errorf("the guest's disk: %q, want the zeros that were written there", got)
	}
	if fileSum(t, image) != sum {
		t.Error("the image has changed")
	}
}

// What QEMU cannot save is told as QEMU's refusal.
func TestCannotSave(t *testing.T) {
	needVM(t)
	image, _ := testImage(t)
	s := startGuest(t, Config{Kernel: testKernel(t, "6.12", "6.1"), Initrd: guestInitrd(t), SaveTo: t.TempDir(),
		Disks: []Disk{{Path: image, Driver: NVMe}}})
	err := s.vm.Save(t.Context())
	var refused *CommandError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "nvme") {
		t.Errorf("saving an NVMe disk: %v", err)
	}
	select {
	case <-s.vm.Done():
	default:
		t.Error("QEMU still runs")
	}
}

// A torn template is an error of the start, and no machine.
func TestTornTemplate(t *testing.T) {
	needVM(t)
	kernel := testKernel(t, "5.10", "6.1.")
	modules := virtioModules(t, kernel)
	image, _ := testImage(t)
	cfg := Config{Kernel: kernel, Initrd: guestInitrd(t, modules...), TempDir: t.TempDir(), Disks: []Disk{{Path: image}}}
	cfg.Template = saved(t, cfg, modules)
	if err := os.Truncate(filepath.Join(cfg.Template, templateState), 1000); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), cfg)
	var failed *StartError
	if !errors.As(err, &failed) {
		t.Errorf("half a state: %v", err)
	}
}
