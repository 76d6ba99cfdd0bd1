package program

import (
	"errors"
	"os"
	"testing"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/kernels"
)

// This test's own binary is a program for the host's architecture.
func TestProgramOfAnotherArchitecture(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range arch.All() {
		err := Spec{Binary: self, Kernel: kernels.Kernel{Arch: a.Name}}.fits()
		var wrong *ArchError
		if a.Native() != (err == nil) || err != nil && (!errors.As(err, &wrong) || wrong.Kernel != a.Name) {
			t.Errorf("on %s: %v", a.Name, err)
		}
	}
}
