package arch

import (
	"strings"
	"testing"
)

// A flavour that two architectures share, or an ELF machine, would make
// kernels of one run on the other's emulator.
func TestArchitecturesAreDistinct(t *testing.T) {
	seen := map[string]string{}
	claim := func(what, owner string) {
		t.Helper()
		if other, ok := seen[what]; ok {
			t.Errorf("%s belongs to %s and %s", what, other, owner)
		}
		seen[what] = owner
	}
	for _, a := range All() {
		claim("name "+a.Name, a.Name)
		claim("machine "+a.Machine.String(), a.Name)
		claim("ARCH="+a.Kernel.Arch, a.Name)
		claim("image "+a.Kernel.Image, a.Name)
		claim("emulator "+a.QEMU.Binary, a.Name)
		if len(a.Flavours) == 0 {
			t.Errorf("%s has no flavour", a.Name)
		}
		for _, f := range a.Flavours {
			claim("flavour "+f, a.Name)
			if got, err := OfFlavour(f); err != nil || got.Name != a.Name {
				t.Errorf("OfFlavour(%q) = %s, %v; want %s", f, got.Name, err, a.Name)
			}
		}
		if got, err := OfMachine(a.Machine); err != nil || got.Name != a.Name {
			t.Errorf("OfMachine(%v) = %s, %v; want %s", a.Machine, got.Name, err, a.Name)
		}
	}
}

func TestFlavourOf(t *testing.T) {
	for release, want := range map[string]string{
		"6.12.117+deb13-cloud-amd64":         "cloud-amd64",
		"6.1.0-56-amd64":                     "amd64",
		"6.12.117+deb13-arm64-16k":           "arm64-16k",
		"6.12.117+deb13-rt-arm64":            "rt-arm64",
		"6.12.117+deb13-riscv64":             "riscv64",
		"6.12.117+deb13-arm64-16k-unsigned":  "",
		"6.12":                               "",
		"arm64":                              "",
		"6.12.117+deb13-powerpc64le-64k":     "",
		"6.12.117+deb13-cloud-amd64-special": "",
	} {
		if got := FlavourOf(release); got != want {
			t.Errorf("FlavourOf(%q) = %q, want %q", release, got, want)
		}
	}
	if got := arm64.PageSize("arm64-16k"); got != 16384 {
		t.Errorf("arm64-16k has pages of %d bytes", got)
	}
	if got := arm64.PageSize("cloud-arm64"); got != 4096 {
		t.Errorf("cloud-arm64 has pages of %d bytes", got)
	}
}

func TestUnknownNamesTheKnown(t *testing.T) {
	if _, err := Parse("sparc"); err == nil || !strings.Contains(err.Error(), "riscv64") {
		t.Errorf("Parse: %v", err)
	}
	if _, err := OfFlavour("arm64-64k"); err == nil || !strings.Contains(err.Error(), "arm64-16k") {
		t.Errorf("OfFlavour: %v", err)
	}
}
