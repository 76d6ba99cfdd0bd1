package config

import (
	"testing"

	"github.com/splicelab/splicelab/internal/arch"
)

// An architecture that is added to the table needs a key for its QEMU.
func TestEveryArchitectureHasAQEMU(t *testing.T) {
	c := Default()
	for _, a := range arch.All() {
		if got := c.VM.QEMUs()[a.Name]; got != a.QEMU.Binary {
			t.Errorf("%s: the default QEMU is %q, want %q", a.Name, got, a.QEMU.Binary)
		}
	}
	c.VM.QEMU = "mine"
	for _, a := range arch.All() {
		if got := c.VM.QEMUs()[a.Name]; (got == "mine") != (a.Name == arch.Default().Name) {
			t.Errorf("vm.qemu makes that of %s %q", a.Name, got)
		}
	}
}
