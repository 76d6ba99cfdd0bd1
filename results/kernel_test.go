package results_test

import (
	"slices"
	"testing"

	"github.com/splicelab/splicelab/results"
)

// file is a kernel from a file, whose release does not name a flavour.
func file(release, arch string, pages int) results.Kernel {
	k := results.KernelOf(release)
	k.Platform = results.Platform{Arch: arch, PageSize: pages}
	return k
}

func TestPlatformOfARelease(t *testing.T) {
	for release, want := range map[string]results.Platform{
		"6.12.117+deb13-cloud-amd64": {Arch: "amd64", Flavour: "cloud-amd64", PageSize: 4096},
		"6.12.117+deb13-arm64-16k":   {Arch: "arm64", Flavour: "arm64-16k", PageSize: 16384},
		"6.12.117+deb13-rt-arm64":    {Arch: "arm64", Flavour: "rt-arm64", PageSize: 4096},
		"6.12.117+deb13-riscv64":     {Arch: "riscv64", Flavour: "riscv64", PageSize: 4096},
		"6.12.117":                   {},
	} {
		if got := results.KernelOf(release).Platform; got != want {
			t.Errorf("%s is %+v, want %+v", release, got, want)
		}
	}
	// Only on some architectures a kernel that is none of Debian's may have pages
	// of another size.
	for arch, want := range map[string]int{"amd64": 4096, "arm64": 0, "riscv64": 4096, "s390x": 0} {
		if got := (results.Platform{Arch: arch}).OfRelease("6.12.0-lab").PageSize; got != want {
			t.Errorf("%s: pages of %d, want %d", arch, got, want)
		}
	}
}

// Flavours stand together, in the order of the architectures.
func TestKernelsByFlavour(t *testing.T) {
	want := []results.Kernel{
		results.KernelOf("6.1.0-9-cloud-amd64"), results.KernelOf("6.6.1"), results.KernelOf("6.12.117+deb13-cloud-amd64"), results.KernelOf("6.12.117+deb13-rt-amd64"),
		results.KernelOf("6.12.117+deb13-cloud-arm64"), results.KernelOf("6.1.0-9-arm64-16k"), results.KernelOf("6.12.43+deb13-arm64-16k"),
		results.KernelOf("6.1.0-9-riscv64"), file("5.10.1", "ppc64el", 65536),
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, results.Kernel.Compare)
	if !slices.Equal(got, want) {
		t.Errorf("in the order %v, want %v", results.ReleaseNames(got), results.ReleaseNames(want))
	}
}

func TestSameFlavour(t *testing.T) {
	for _, c := range []struct {
		a, b results.Kernel
		want bool
	}{
		{results.KernelOf("6.1.0-9-cloud-amd64"), results.KernelOf("6.12.1-cloud-amd64"), true},
		{results.KernelOf("6.12.1-cloud-amd64"), results.KernelOf("6.12.1-amd64"), false},
		{results.KernelOf("6.12.1-arm64"), results.KernelOf("6.12.1-arm64-16k"), false},
		{file("6.12.1", "amd64", 4096), results.KernelOf("6.12.2"), true}, // not recorded
		{file("6.12.1", "arm64", 4096), results.KernelOf("6.12.1"), false},
		{file("6.12.1", "arm64", 4096), file("6.12.1", "arm64", 16384), false},
	} {
		if a, b := c.a.SameFlavour(c.b), c.b.SameFlavour(c.a); a != c.want || b != c.want {
			t.Errorf("%v and %v: %t and %t, want %t", c.a, c.b, a, b, c.want)
		}
	}
}
