package kernelversion

import (
	"slices"
	"strings"
	"testing"
)

// debian are releases that hide their upstream point release.
var debian = map[string]string{"6.1.0-9-cloud-amd64": "6.1.27", "6.1.0-56-cloud-amd64": "6.1.192", "6.1.0-0.deb11.52-cloud-amd64": "6.1.180"}

func release(t *testing.T, name string) Release {
	t.Helper()
	if v, ok := debian[name]; ok {
		return Release{Name: name, Version: version(t, v)}
	}
	return ReleaseOf(name)
}

func TestRange(t *testing.T) {
	for _, c := range []struct {
		text    string
		in, out string
	}{
		{"6.1..6.6", "6.1 6.1.200 6.3 6.6.99 6.1.0-9-cloud-amd64", "6.0.9 6.7-rc1 6.7"},
		{"..6.0", "5.10 6.0.19 6.0-rc1", "6.1"},
		{"7.0..", "7.0-rc1 7.0 9.9", "6.19.14"},
		{"6.12.43..6.12.117", "6.12.43 6.12.100 6.12.117 6.12.95+deb13-cloud-amd64", "6.12.42 6.12.118 6.13-rc1"},
		{"6.13-rc2..6.13.1", "6.13-rc2 6.13 6.13.1", "6.13-rc1 6.13.2"},
		{"6.12", "6.12-rc1 6.12 6.12.9 6.12.117+deb13-cloud-amd64", "6.1 6.13-rc1 6.11.99"},
		{"6.1", "6.1.0-9-cloud-amd64 6.1.0-56-cloud-amd64", "6.12"},
		{"6.12.9", "6.12.9 6.12.9+deb13-cloud-amd64 6.12.9-lab", "6.12.95 6.12"},
		{"6.1.192", "6.1.192 6.1.0-56-cloud-amd64", "6.1.0-9-cloud-amd64 6.1.0-0.deb11.52-cloud-amd64 6.1.193"},
		{"6.1.0", "6.1", "6.1.0-56-cloud-amd64 6.1.0-9-cloud-amd64"},
		{"6.1.100..6.1.190", "6.1.0-0.deb11.52-cloud-amd64", "6.1.0-56-cloud-amd64 6.1.0-9-cloud-amd64"},
		{"6.12.95+deb13-cloud-amd64", "6.12.95+deb13-cloud-amd64", "6.12.95+deb12-cloud-amd64 6.12.95"},
		{"6.1.0-56", "6.1.0-56-cloud-amd64 6.1.0-56-amd64", "6.1.0-9-cloud-amd64 6.1.0-561-amd64 6.1.192"},
		{"6.1.0-10..6.12.9", "6.1.0-56-cloud-amd64 6.12-rc1 6.12.9+deb13-cloud-amd64", "6.1.0-9-cloud-amd64 6.12.95+deb13-cloud-amd64"},
		{" 6.12.10 .. 6.12.95 ", "6.12.10 6.12.95+deb13-cloud-amd64", "6.12.9 6.12.96"},
		{"6.12.10..6.12", "6.12.10 6.12.117", "6.12.9"},
		{"6.12..", "6.12 7.0", "mine"},
		{"..9.9", "", "mine"},
		{"2.6.32.10..2.6.32.71", "2.6.32.71", "2.6.32 2.6.33"},
	} {
		r, err := ParseRange(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		for _, k := range strings.Fields(c.in) {
			if !r.Contains(release(t, k)) {
				t.Errorf("%s lies outside %s", k, c.text)
			}
		}
		for _, k := range strings.Fields(c.out) {
			if r.Contains(release(t, k)) {
				t.Errorf("%s lies in %s", k, c.text)
			}
		}
		again, err := ParseRange(r.String())
		if err != nil || again != r {
			t.Errorf("%q is written as %q, and read back as %v, %v", c.text, r, again, err)
		}
	}
	if (Range{}).Contains(ReleaseOf("6.12")) {
		t.Error("the zero range contains 6.12")
	}
}

func TestRangeErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "want a version",
		" ":                 "want a version",
		"..":                "want a version",
		"six":               `kernel version "six": want numbers`,
		"6":                 "at least two numbers",
		"6.1..six":          `kernel version "six"`,
		"six..6.1":          `kernel version "six"`,
		"6.12abc":           `unexpected "abc" after 6.12`,
		"6.12-rc":           "a number from 1 after rc",
		"6.1..6.2..6.3":     "unexpected",
		"0.0":               "there is none",
		"7.0..6.1":          "7.0 is newer than 6.1: swap them",
		"6.12.9..6.12.8":    "swap them",
		"6.12..6.12-rc1":    "swap them",
		"6.1.0-56..6.1.0-9": "swap them",
	} {
		if r, err := ParseRange(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: read as %v, error %v; want one with %q", text, r, err, want)
		}
	}
}

func TestReleaseOrder(t *testing.T) {
	ordered := []string{"mine", "5.10.0-46-cloud-amd64", "6.1.0-9-cloud-amd64", "6.1.100", "6.1.0-0.deb11.52-cloud-amd64", "6.1.0-56-cloud-amd64", "6.1.193",
		"6.12-rc1", "6.12.9+deb13-cloud-amd64", "6.12.95+deb12-cloud-amd64", "6.12.95+deb13-cloud-amd64", "6.12.95-lab9", "6.12.95-lab10", "7.3-rc7", "7.3"}
	var all []Release
	for _, name := range ordered {
		all = append(all, release(t, name))
	}
	slices.Reverse(all)
	slices.SortFunc(all, Release.Compare)
	for i, r := range all {
		if r.Name != ordered[i] {
			t.Errorf("at %d is %s, want %s", i, r.Name, ordered[i])
		}
	}
}

func TestReleaseIs(t *testing.T) {
	for _, c := range []struct {
		release, is, isNot string
	}{
		{"6.1.0-56-cloud-amd64", "6.1 6.1.192 6.1.0 6.1.0-56 6.1.0-56-cloud-amd64", "6.1.0-5 6.12 6.1.19 x"},
		{"6.12.95+deb13-cloud-amd64", "6.12 6.12.95 6.12.95+deb13", "6.1 6.12.9 6.12.95+deb1"},
		{"6.13-rc2", "6.13 6.13-rc2", "6.13-rc1 6.13.1"},
		{"mine", "mine", "6.12 min.e"},
	} {
		for _, name := range strings.Fields(c.is) {
			if !release(t, c.release).Is(name) {
				t.Errorf("%s is not %s", c.release, name)
			}
		}
		for _, name := range strings.Fields(c.isNot) {
			if release(t, c.release).Is(name) {
				t.Errorf("%s is %s", c.release, name)
			}
		}
	}
}

func TestReleaseOf(t *testing.T) {
	for name, want := range map[string][2]string{
		"6.12.117+deb13": {"6.12.117", "6.12"}, "6.13-rc2": {"6.13-rc2", "6.13"}, "6.1.0-56-cloud-amd64": {"6.1", "6.1"},
		"mine": {"", "mine"}, "6.12abc": {"6.12", "6.12"},
	} {
		if r := ReleaseOf(name); r.Version.String() != want[0] || r.Series() != want[1] {
			t.Errorf("%s is %s of series %s, want %v", name, r.Version, r.Series(), want)
		}
	}
}
