package changes_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/results/changes"
)

// A kernel replaces one of its flavour only.
func TestCompareWithinAFlavour(t *testing.T) {
	const pass, fail = "pass snapshot", "fail live"
	n := changes.Compare(facts([][3]string{
		{"6.12.117+deb13-cloud-amd64", "A", pass}, {"6.12.116+deb13-arm64-16k", "A", fail}, {"6.12.117+deb13-riscv64", "A", pass},
	}, [][3]string{
		{"6.12.118+deb13-cloud-amd64", "A", fail}, {"6.12.117+deb13-arm64-16k", "A", fail}, {"6.12.117+deb13-cloud-arm64", "A", fail},
	}))
	want := []changes.Replacement{
		{Kernel: "6.12.118+deb13-cloud-amd64", Before: "6.12.117+deb13-cloud-amd64"},
		{Kernel: "6.12.117+deb13-arm64-16k", Before: "6.12.116+deb13-arm64-16k"},
	}
	if d := cmp.Diff(want, n.Replaced); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"6.12.117+deb13-cloud-arm64"}, n.NewKernels); d != "" {
		t.Error(d)
	}
	if len(n.Worse) != 1 || n.Worse[0].Kernel != "6.12.118+deb13-cloud-amd64" || n.Same != 1 || len(n.GoneKernels) != 1 || n.GoneKernels[0].Kernel != "6.12.117+deb13-riscv64" {
		t.Errorf("worse %v, same %d, gone %v", n.Worse, n.Same, n.GoneKernels)
	}
}
