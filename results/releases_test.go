package results_test

import (
	"slices"
	"testing"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestSeries(t *testing.T) {
	for release, want := range map[string]string{"6.12.117+deb13": "6.12", "6.13-rc2": "6.13", "6.1.0-56-cloud-amd64": "6.1", "mine": "mine"} {
		if got := results.Series(release); got != want {
			t.Errorf("%s is of series %s, want %s", release, got, want)
		}
	}
}

// Debian's releases hide the point release by which kernels are ordered.
func TestReleasesByUpstreamVersion(t *testing.T) {
	cell := func(release, version string) results.Cell {
		c := results.Cell{Attempt: results.Attempt{CellKey: results.CellKey{Kernel: release, FS: "ext4", Test: "a.Test"}}}
		resultstest.Must(t, c.Version.UnmarshalText([]byte(version)))
		return c
	}
	cells := []results.Cell{cell("6.1.0-56-cloud-amd64", "6.1.192"), cell("6.1.193", ""), cell("6.1.100", ""), cell("6.1.0-9-cloud-amd64", "6.1.27")}
	want := []string{"6.1.0-9-cloud-amd64", "6.1.100", "6.1.0-56-cloud-amd64", "6.1.193"}
	if got := results.ReleaseNames(results.Releases(cells)); !slices.Equal(got, want) {
		t.Errorf("releases are in the order %v, want %v", got, want)
	}
	results.Sort(cells)
	for i, c := range cells {
		if c.Kernel != want[i] {
			t.Errorf("cell %d is of %s, want %s", i, c.Kernel, want[i])
		}
	}
}

func TestFlavour(t *testing.T) {
	for release, want := range map[string]string{
		"6.12.117+deb13-cloud-amd64": "cloud-amd64", "6.12.117+deb13-arm64-16k": "arm64-16k", "6.12.117+deb13-rt-arm64": "rt-arm64",
		"6.12.117+deb13-riscv64": "riscv64", "6.1.0-56-arm64": "arm64", "7.3-rc2-cloud-arm64": "cloud-arm64",
		"6.12.0-lab-arm64-16k": "lab-arm64-16k", "6.12.0-lab": "lab", "6.12.5-200.fc41.x86_64": "", "6.12.117": "", "mine": "mine",
	} {
		if got := results.Flavour(release); got != want {
			t.Errorf("%s is of the flavour %q, want %q", release, got, want)
		}
	}
}
