package machine

import (
	"io"
	"testing"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/vm"
)

// KVM runs guests of the host's architecture only.
func TestForeignGuestsAreEmulated(t *testing.T) {
	h := Host{QEMU: func(arch.Arch) string { return "qemu" }, Accel: vm.KVM}
	for _, a := range arch.All() {
		want := vm.TCG
		if a.Native() {
			want = vm.KVM
		}
		spec := &Spec{arch: a, kernel: &kernels.Kernel{}, initrd: images.Initramfs{}}
		if got := h.VMConfig(spec).Accel; got != want {
			t.Errorf("%s: %s, want %s", a.Name, got, want)
		}
	}
}

func TestReadOutputEndsWithTheVM(t *testing.T) {
	r, w := io.Pipe()
	ch := ReadOutput(r, make(chan struct{}))
	go func() { _, _ = w.Write([]byte("x")); w.Close() }()
	if b := <-ch; string(b) != "x" {
		t.Errorf("got %q", b)
	}
	if _, open := <-ch; open {
		t.Error("the channel is still open")
	}
}
