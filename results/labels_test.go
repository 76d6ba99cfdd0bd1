package results_test

import (
	"testing"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestLabels(t *testing.T) {
	version := func(s string) kernelversion.Version {
		v, err := kernelversion.Parse(s)
		resultstest.Must(t, err)
		return v
	}
	for name, c := range map[string]struct {
		releases    []kernelversion.Release
		short, long []string
	}{
		"a package's version": {
			[]kernelversion.Release{{Name: "5.10.0-46-cloud-amd64", Version: version("5.10.262")}, kernelversion.ReleaseOf("6.12.118+deb13-cloud-amd64")},
			[]string{"5.10.262", "6.12.118"}, []string{"5.10.262 (5.10.0-46)", "6.12.118+deb13"},
		},
		"an unknown upstream version": {
			[]kernelversion.Release{kernelversion.ReleaseOf("5.10.0-46-cloud-amd64"), kernelversion.ReleaseOf("7.3-rc2-cloud-amd64")},
			[]string{"5.10.0-46", "7.3-rc2"}, []string{"5.10.0-46", "7.3-rc2"},
		},
		"the same version twice": {
			[]kernelversion.Release{kernelversion.ReleaseOf("6.12.9+deb13-amd64"), kernelversion.ReleaseOf("6.12.9+deb13-rt-amd64"), kernelversion.ReleaseOf("6.13.1-amd64")},
			[]string{"6.12.9+deb13", "6.12.9+deb13-rt", "6.13.1"}, []string{"6.12.9+deb13", "6.12.9+deb13-rt", "6.13.1"},
		},
		"no version": {
			[]kernelversion.Release{kernelversion.ReleaseOf("mine"), kernelversion.ReleaseOf("my\x1b[2Jown")},
			[]string{"mine", `my\x1b[2Jown`}, []string{"mine", `my\x1b[2Jown`},
		},
	} {
		l := results.NewLabels(c.releases)
		for i, r := range c.releases {
			if short, long := l.Of(r.Name), l.Full(r.Name); short != c.short[i] || long != c.long[i] {
				t.Errorf("%s: %s is %q and %q, want %q and %q", name, r.Name, short, long, c.short[i], c.long[i])
			}
		}
	}
	if got := results.NewLabels(nil).Of("6.1\x1b[2J"); got != `6.1\x1b[2J` {
		t.Errorf("an unknown release: %q", got)
	}
}
