package images

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/splicelab/splicelab/kernels"
)

// moduleTree writes a tree with as many modules as a distribution kernel has.
func moduleTree(t testing.TB, modules int) kernels.Kernel {
	dir := t.TempDir()
	for i := range modules {
		p := filepath.Join(dir, "kernel", fmt.Sprintf("d%d", i%100), fmt.Sprintf("m%d.ko.xz", i))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return kernels.Kernel{Release: "6.12.9", Arch: kernels.AMD64, Digest: kernels.DigestOf([]byte(dir)), Modules: dir}
}

// A kernel with a digest does not change, so its tree is walked once.
func TestModuleTreeIsReadOnce(t *testing.T) {
	k := moduleTree(t, 3)
	first, err := OpenModuleTree(k)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(k.Modules); err != nil {
		t.Fatal(err)
	}
	second, err := OpenModuleTree(k)
	if err != nil || second != first || HasModule(k, "m1") != Loadable {
		t.Errorf("the tree was read again: %v", err)
	}
	other := k
	other.Digest = kernels.DigestOf([]byte("other"))
	if _, err := OpenModuleTree(other); err == nil {
		t.Error("another kernel got the same tree")
	}
}

// Without a digest the kernel may have changed.
func TestModuleTreeWithoutDigest(t *testing.T) {
	k := moduleTree(t, 3)
	k.Digest = ""
	if got := HasModule(k, "m1"); got != Loadable {
		t.Fatalf("m1 is %d", got)
	}
	if err := os.Remove(filepath.Join(k.Modules, "kernel/d1/m1.ko.xz")); err != nil {
		t.Fatal(err)
	}
	if got := HasModule(k, "m1"); got == Loadable {
		t.Error("a removed module is still loadable")
	}
}

func BenchmarkHasModule(b *testing.B) {
	k := moduleTree(b, 4000)
	for b.Loop() {
		HasModule(k, "m17")
	}
}
