package compare_test

import (
	"testing"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
)

func TestPredecessor(t *testing.T) {
	archive := []string{"6.1.0-9-cloud-amd64", "6.12.9+deb13-cloud-amd64", "6.12.117+deb13-cloud-amd64", "6.12.117+deb13-rt-amd64", "7.3-rc2-cloud-amd64", "7.3.1-cloud-amd64",
		"6.12.117+deb13-cloud-arm64", "6.12.116+deb13-arm64-16k", "6.18.1+deb14-riscv64"}
	var releases []results.Kernel
	for _, name := range archive {
		releases = append(releases, results.KernelOf(name))
	}
	for _, c := range []struct{ release, want, older string }{
		{"6.12.9+deb13-cloud-amd64", "6.12.9+deb13-cloud-amd64", "6.1.0-9-cloud-amd64"},
		{"6.12.118+deb13-cloud-amd64", "6.12.117+deb13-cloud-amd64", "6.12.117+deb13-cloud-amd64"},
		{"6.12.20+deb13-cloud-amd64", "6.12.9+deb13-cloud-amd64", "6.12.9+deb13-cloud-amd64"},
		{"6.12.120+deb13-rt-amd64", "6.12.117+deb13-rt-amd64", "6.12.117+deb13-rt-amd64"},
		{"6.1.0-46-cloud-amd64", "6.1.0-9-cloud-amd64", "6.1.0-9-cloud-amd64"},
		// A withdrawn release: the series takes precedence over age.
		{"6.12.8+deb13-cloud-amd64", "6.12.9+deb13-cloud-amd64", "6.1.0-9-cloud-amd64"},
		// A new series replaces none.
		{"6.18.2+deb14-cloud-amd64", "", "6.12.117+deb13-cloud-amd64"},
		{"7.3-rc3-cloud-amd64", "7.3-rc2-cloud-amd64", "7.3-rc2-cloud-amd64"},
		{"7.4.1-cloud-amd64", "", "7.3.1-cloud-amd64"},
		{"5.10.0-46-cloud-amd64", "", ""},
		{"6.12.118-mine", "", ""},
		{"6.12.118+deb13-arm64-16k", "6.12.116+deb13-arm64-16k", "6.12.116+deb13-arm64-16k"},
		{"6.12.118+deb13-arm64", "", ""},
		{"6.18.2+deb14-cloud-arm64", "", "6.12.117+deb13-cloud-arm64"},
		{"6.18.2+deb14-riscv64", "6.18.1+deb14-riscv64", "6.18.1+deb14-riscv64"},
		{"", "", ""},
	} {
		got, ok := compare.Predecessor(results.KernelOf(c.release), releases)
		if got.Name != c.want || ok != (c.want != "") {
			t.Errorf("before %s: %q, %t; want %q", c.release, got.Name, ok, c.want)
		}
		if got, ok := compare.Older(results.KernelOf(c.release), releases); got.Name != c.older || ok != (c.older != "") {
			t.Errorf("older than %s: %q, %t; want %q", c.release, got.Name, ok, c.older)
		}
	}
}

// Kernels that were built from the same source for two architectures have a
// release in common, and are not the same.
func TestPredecessorOfAnotherArchitecture(t *testing.T) {
	amd64, arm64 := results.KernelOf("6.12.1-lab"), results.KernelOf("6.12.1-lab")
	amd64.Arch, arm64.Arch = "amd64", "arm64"
	if got, ok := compare.Predecessor(arm64, []results.Kernel{amd64}); ok {
		t.Errorf("replaces %v", got)
	}
}
