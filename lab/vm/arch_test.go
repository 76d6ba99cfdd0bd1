package vm

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/protocol"
)

// The kernel of each architecture is told which ports the machine has.
func TestPortsOfArchitectures(t *testing.T) {
	kernel := blank(t)
	w, err := openPorts(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.closeHostEnds()
	defer w.closeGuestEnds()
	identities := map[string]string{}
	for _, a := range arch.All() {
		cfg, err := Config{Arch: a, Kernel: kernel, Disks: []Disk{{Path: kernel}}}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		args := cfg.args(w)
		line := strings.Fields(args[slices.Index(args, "-append")+1])
		for _, want := range []string{"console=" + a.QEMU.Console, protocol.ArgControl + "=" + a.QEMU.Control.Guest, protocol.ArgOutput + "=" + a.QEMU.Output.Guest} {
			if !slices.Contains(line, want) {
				t.Errorf("%s: no %s in %q", a.Name, want, line)
			}
		}
		all := strings.Join(args, " ")
		for name, port := range map[string]arch.Port{"control": a.QEMU.Control, "output": a.QEMU.Output} {
			want := "-serial chardev:" + name
			if port.Device != "" {
				want = "-device " + port.Device + ",chardev=" + name
			}
			if !strings.Contains(all, want) {
				t.Errorf("%s: no %q in %q", a.Name, want, all)
			}
			if standalone := strings.Join(StandalonePorts(a, "c", "d", "e"), " "); !strings.Contains(standalone, want) {
				t.Errorf("%s: no %q in %q", a.Name, want, standalone)
			}
		}
		if cfg.QEMU != a.QEMU.Binary {
			t.Errorf("%s: the default QEMU is %s", a.Name, cfg.QEMU)
		}
		id, err := cfg.Identity()
		if err != nil {
			t.Fatal(err)
		}
		key := strings.Join(id, " ")
		if other := identities[key]; other != "" {
			t.Errorf("%s and %s have the same identity: %s", a.Name, other, key)
		}
		identities[key] = a.Name
		if !a.QEMU.Pmem {
			cfg.Disks[0].Driver = Pmem
			if _, err := cfg.withDefaults(); err == nil || !strings.Contains(err.Error(), a.Name) {
				t.Errorf("%s: persistent memory: %v", a.Name, err)
			}
		}
	}
}

// KVM is refused for another architecture before QEMU is started.
func TestForeignKVM(t *testing.T) {
	for _, a := range arch.All() {
		if a.Native() {
			continue
		}
		_, err := Start(t.Context(), Config{Arch: a, QEMU: "/nonexistent", Kernel: blank(t), Accel: KVM})
		var foreign *ForeignError
		if !errors.As(err, &foreign) || foreign.Arch != a.Name {
			t.Errorf("%s: %v", a.Name, err)
		}
	}
}

func TestCannotRestore(t *testing.T) {
	a := arch.Arch{Name: "demo", QEMU: arch.QEMU{RestoredFrom: "10.2", Unsaved: "the timers"}}
	for version, want := range map[string]string{
		"7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)": "QEMU 7.2.22 does not save the timers of demo guests; 10.2 does",
		"10.0.2 (Debian 1:10.0.2+ds-2)":         "QEMU 10.0.2 does not save the timers of demo guests; 10.2 does",
		"10.2.0":                                "",
		"11.0.50 (v11.0.0-rc1)":                 "",
	} {
		qemu := filepath.Join(t.TempDir(), "qemu")
		if err := os.WriteFile(qemu, []byte("#!/bin/sh\necho 'QEMU emulator version "+version+"'\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		if got, err := CannotRestore(t.Context(), a, qemu); got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", version, got, err, want)
		}
		if got, err := CannotRestore(t.Context(), arch.Arch{}, qemu); got != "" || err != nil {
			t.Errorf("an architecture without a known fault: %q, %v", got, err)
		}
	}
}
