package vm

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// withDisk is a guest with a virtio disk, and the modules that it must load.
func withDisk(t *testing.T) (Config, []string) {
	t.Helper()
	kernel := testKernel(t, "5.10", "6.1.")
	modules := virtioModules(t, kernel)
	image, _ := testImage(t)
	return Config{Kernel: kernel, Initrd: guestInitrd(t, modules...), TempDir: t.TempDir(), Disks: []Disk{{Path: image}}}, modules
}

// saved makes a template of a guest that has counted to two and has a disk.
func saved(t *testing.T, cfg Config, modules []string) string {
	t.Helper()
	cfg.SaveTo = t.TempDir()
	s := startGuest(t, cfg)
	s.load(modules)
	s.countTo("1", "2")
	if err := s.vm.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	return cfg.SaveTo
}

// countTo has the guest count on, in its memory.
func (s session) countTo(numbers ...string) {
	s.t.Helper()
	for _, want := range numbers {
		s.say("count")
		if got := s.hear(); got != want {
			s.t.Errorf("counted to %s, want %s", got, want)
		}
	}
}

// overwriteDisk has the guest report the first 16 bytes of its disk, and
// overwrite them with zeros.
func (s session) overwriteDisk(want string) {
	s.t.Helper()
	s.say("disk")
	if got := s.hear(); got != want+" <nil>" {
		s.t.Errorf("the guest's disk: %q, want %q", got, want)
	}
}

func restored(t *testing.T, cfg Config) session {
	t.Helper()
	s := session{t, start(t, t.Context(), cfg)}
	if err := s.vm.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// VMs restored from one template are independent, in memory and on disk, and
// the template stays as it was.
func TestTemplate(t *testing.T) {
	needVM(t)
	cfg, modules := withDisk(t)
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
		s.countTo("3", "4")
		s.overwriteDisk("what was there..")
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

// A template can be made of a restored VM; it includes what that VM has written
// to its disk.
func TestTemplateOfTemplate(t *testing.T) {
	needVM(t)
	cfg, modules := withDisk(t)
	image := cfg.Disks[0].Path
	sum := fileSum(t, image)
	cfg.Template = saved(t, cfg, modules)
	cfg.SaveTo = t.TempDir()
	s := restored(t, cfg)
	s.overwriteDisk("what was there..")
	if err := s.vm.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	cfg.Template, cfg.SaveTo = cfg.SaveTo, ""
	s = restored(t, cfg)
	s.countTo("3")
	s.overwriteDisk(strings.Repeat("\x00", 16))
	if fileSum(t, image) != sum {
		t.Error("the image has changed")
	}
}

// A device that QEMU cannot save is reported as QEMU's refusal.
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

// A truncated template is an error of Start.
func TestTruncatedTemplate(t *testing.T) {
	needVM(t)
	cfg, modules := withDisk(t)
	cfg.Template = saved(t, cfg, modules)
	if err := os.Truncate(filepath.Join(cfg.Template, templateState), 1000); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), cfg)
	var failed *StartError
	if !errors.As(err, &failed) {
		t.Errorf("truncated state: %v", err)
	}
}
