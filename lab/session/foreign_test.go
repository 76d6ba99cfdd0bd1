package session

import (
	"errors"
	"testing"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/vm"
)

// Kernels that the host cannot run are refused before they are fetched.
func TestRefusesForeignKernels(t *testing.T) {
	for _, a := range arch.All() {
		s := Settings{Config: config.Default()}
		missing := "/nonexistent/qemu"
		s.VM.QEMUAMD64, s.VM.QEMUARM64, s.VM.QEMURISCV64 = missing, missing, missing
		refuse := func() error {
			return s.refuseForeign(t.Context(), []kernels.Entry{{Release: "6.12", Arch: a.Name}})
		}
		if a.Native() { // looked for earlier
			if err := refuse(); err != nil {
				t.Errorf("%s, the host's own: %v", a.Name, err)
			}
			continue
		}
		var none *vm.NoQEMUError
		if err := refuse(); !errors.As(err, &none) || none.Binary != missing {
			t.Errorf("%s: %v, want a NoQEMUError", a.Name, err)
		}
		s.VM.Accel = string(vm.KVM)
		var foreign *vm.ForeignError
		if err := refuse(); !errors.As(err, &foreign) || foreign.Arch != a.Name {
			t.Errorf("%s with KVM: %v, want a ForeignError", a.Name, err)
		}
	}
}
