package machine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/vm"
)

// State saved by one QEMU is never restored by another one: a template's key has
// the digest of the binary, wherever it is installed.
func TestTemplatesBelongToOneQEMU(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	at := func(path string) func(arch.Arch) string { return func(arch.Arch) string { return path } }
	kernel := write("vmlinuz", "kernel")
	spec := &Spec{arch: arch.Default(), kernel: &kernels.Kernel{BzImage: kernel, Digest: "1"}, initrd: images.Initramfs{Path: kernel, Digest: "2"}}
	key := func(h Host) string {
		t.Helper()
		k, err := h.templateKey(t.Context(), spec, "splice")
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	h := Host{QEMU: at(write("qemu-7.2", "7.2")), Accel: vm.TCG, MemoryMiB: 512, CPUs: 1}
	seven := key(h)
	h.QEMU = at(write("qemu-7.2-elsewhere", "7.2"))
	if key(h) != seven {
		t.Error("the key depends on where QEMU is installed")
	}
	h.QEMU = at(write("qemu-10.0", "10.0"))
	ten := key(h)
	spec.kernel.PageSize = 16384
	if key(h) == ten {
		t.Error("two page sizes share a template")
	}
	spec.kernel.PageSize = 0
	if ten == seven {
		t.Error("two versions of QEMU share a template")
	}
	h.Accel = vm.KVM
	if key(h) == ten {
		t.Error("two accelerators share a template")
	}

	// Another architecture is emulated in any case.
	for _, a := range arch.All() {
		if a.Native() {
			continue
		}
		spec.arch = a
		h.Accel = vm.TCG
		emulated := key(h)
		if emulated == ten {
			t.Errorf("%s and %s share a template", a.Name, arch.Default().Name)
		}
		if h.Accel = vm.KVM; key(h) != emulated {
			t.Errorf("%s: the template depends on the accelerator of the host's own guests", a.Name)
		}
	}
}
