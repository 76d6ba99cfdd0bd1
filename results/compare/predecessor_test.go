package compare_test

import (
	"testing"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/results/compare"
)

func TestPredecessor(t *testing.T) {
	archive := []string{"6.1.0-9-cloud-amd64", "6.12.9+deb13-cloud-amd64", "6.12.117+deb13-cloud-amd64", "6.12.117+deb13-rt-amd64", "7.3-rc2-cloud-amd64", "7.3.1-cloud-amd64"}
	var releases []kernelversion.Release
	for _, name := range archive {
		releases = append(releases, kernelversion.ReleaseOf(name))
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
		{"", "", ""},
	} {
		got, ok := compare.Predecessor(kernelversion.ReleaseOf(c.release), releases)
		if got.Name != c.want || ok != (c.want != "") {
			t.Errorf("before %s: %q, %t; want %q", c.release, got, ok, c.want)
		}
		if got, ok := compare.Older(kernelversion.ReleaseOf(c.release), releases); got.Name != c.older || ok != (c.older != "") {
			t.Errorf("older than %s: %q, %t; want %q", c.release, got, ok, c.older)
		}
	}
}
