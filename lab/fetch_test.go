package lab

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/results/store"
)

// A kernel that cannot be had costs its own cells only, and no attempt says
// anything of it.
func TestUnfetchedKernelIsLeftOut(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"agent", "s.test"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	store, err := store.Open(filepath.Join(dir, "results.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	l, err := New(Config{CacheDir: filepath.Join(dir, "cache"), GuestDir: dir}, store)
	if err != nil {
		t.Fatal(err)
	}
	gone, times := errors.New("the archive is gone"), 0
	p := plan.Plan{
		Kernels:  []plan.Kernel{{Release: "6.12"}},
		Profiles: []images.Profile{{Name: "tmpfs", Type: "tmpfs"}, {Name: "other", Type: "tmpfs"}},
		Tests:    []plan.Test{{Suite: "s", Top: "TestA"}, {Suite: "s", Top: "TestB"}},
	}
	fetch := Fetch(func(context.Context, string) (kernels.Kernel, error) {
		times++
		return kernels.Kernel{}, gone
	})
	var said notices
	run, err := l.Run(t.Context(), p, fetch, &said)
	if !errors.Is(err, gone) {
		t.Errorf("the run ended with %v", err)
	}
	cells, err := store.Cells(t.Context(), run.ID)
	if err != nil || len(cells) > 0 {
		t.Errorf("it has cells: %+v, %v", cells, err)
	}
	stored, err := store.Run(t.Context(), run.ID)
	if err != nil || stored.Problem != gone.Error() || stored.Planned != 4 {
		t.Errorf("stored: %+v, %v", stored, err)
	}
	if times != 1 || len(said.said) != 1 {
		t.Errorf("asked for %d times, said %q", times, said.said)
	}
}

// A run with kernels of another architecture, and without what emulates them,
// does not begin: its cells would all be infra.
func TestNothingToEmulateWith(t *testing.T) {
	foreign, err := arch.Parse("riscv64")
	if err != nil || foreign.Native() {
		foreign, _ = arch.Parse("amd64")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"agent": "", "s.test": "", "qemu": "#!/bin/sh\necho QEMU emulator version 99.0\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	store, err := store.Open(filepath.Join(dir, "results.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	p := plan.Plan{Kernels: []plan.Kernel{{Release: "6.12", Arch: foreign.Name}}, Profiles: []images.Profile{{Name: "tmpfs", Type: "tmpfs"}},
		Tests: []plan.Test{{Suite: "s", Top: "TestA"}}}
	run := func(qemu string) error {
		l, err := New(Config{CacheDir: filepath.Join(dir, "cache"), GuestDir: dir, QEMU: map[string]string{foreign.Name: qemu}}, store)
		if err != nil {
			t.Fatal(err)
		}
		_, err = l.Run(t.Context(), p, nil, nil)
		return err
	}
	var noQEMU *vm.NoQEMUError
	if err := run("/nonexistent/qemu"); !errors.As(err, &noQEMU) {
		t.Errorf("without QEMU: %v", err)
	}
	var noGuest *suite.MissingGuestError
	if err := run(filepath.Join(dir, "qemu")); !errors.As(err, &noGuest) || !strings.Contains(err.Error(), foreign.Name) {
		t.Errorf("without guest programs: %v", err)
	}
	if runs, err := store.RunsUpTo(t.Context(), nil); err != nil || len(runs) > 0 {
		t.Errorf("%d runs were stored, %v", len(runs), err)
	}
}
