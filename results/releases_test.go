package results_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestReleaseRange(t *testing.T) {
	all := []string{"5.10.0-46-cloud-amd64", "6.1.0-9-cloud-amd64", "6.1.0-56-cloud-amd64", "6.12-rc1", "6.12.9+deb13-cloud-amd64",
		"6.12.95+deb13-cloud-amd64", "6.12.117+deb13-cloud-amd64", "6.18.1", "7.3.4-lab", "mine"}
	for _, c := range []struct{ text, holds string }{
		{"6.12", "6.12-rc1 6.12.9+deb13-cloud-amd64 6.12.95+deb13-cloud-amd64 6.12.117+deb13-cloud-amd64"},
		{"6.1", "6.1.0-9-cloud-amd64 6.1.0-56-cloud-amd64"},
		{"6.12.9", "6.12.9+deb13-cloud-amd64"},
		{"6.12.95+deb13-cloud-amd64", "6.12.95+deb13-cloud-amd64"},
		{"6.12.10..6.12", "6.12.95+deb13-cloud-amd64 6.12.117+deb13-cloud-amd64"},
		{"6.12.10 .. 6.12.95", "6.12.95+deb13-cloud-amd64"},
		{"6.1.0-10..6.12.9", "6.1.0-56-cloud-amd64 6.12-rc1 6.12.9+deb13-cloud-amd64"},
		{"..6.1", "5.10.0-46-cloud-amd64 6.1.0-9-cloud-amd64 6.1.0-56-cloud-amd64"},
		{"6.18..", "6.18.1 7.3.4-lab"},
	} {
		r, err := results.ParseReleaseRange(c.text)
		resultstest.Must(t, err)
		got := slices.DeleteFunc(slices.Clone(all), func(release string) bool { return !r.Contains(release) })
		if strings.Join(got, " ") != c.holds {
			t.Errorf("%s holds %v, want %s", c.text, got, c.holds)
		}
		again, err := results.ParseReleaseRange(r.String())
		if err != nil || again != r {
			t.Errorf("%s is written as %s, and read back as %v, %v", c.text, r, again, err)
		}
	}
	for _, text := range []string{"", "..", "six", "6", "7.0..6.1", "6.12.9..6.12.8", "6.1..six"} {
		if r, err := results.ParseReleaseRange(text); err == nil {
			t.Errorf("%q was read as %v", text, r)
		}
	}
}

func TestSeries(t *testing.T) {
	for release, want := range map[string]string{"6.12.117+deb13": "6.12", "6.13-rc2": "6.13", "6.1.0-56-cloud-amd64": "6.1", "mine": "mine"} {
		if got := results.Series(release); got != want {
			t.Errorf("%s is of series %s, want %s", release, got, want)
		}
	}
}
