package kernels

import (
	"errors"
	"strings"
	"testing"
)

// offered is a small archive; restricted entries have a Note.
func offered() []Entry {
	var entries []Entry
	for _, line := range []string{
		"5.10.0-45-cloud-amd64 5.10.259-1", "5.10.0-46-cloud-amd64 5.10.262-1", "5.10.0-46-amd64 5.10.262-1",
		"6.1.0-55-cloud-amd64 6.1.192-1", "6.1.0-56-cloud-amd64 6.1.192-2", "6.1.0-0.deb11.52-cloud-amd64 6.1.180-1~deb11u1",
		"6.12.43+deb12-cloud-amd64 6.12.43-1~bpo12+1", "6.12.95+deb12-cloud-amd64 6.12.95-1~bpo12+1", "6.12.95+deb13-cloud-amd64 6.12.95-1",
		"6.12.100+deb13-cloud-amd64 6.12.100-1", "6.12.117+deb12-cloud-amd64 6.12.117-1~deb12u1", "6.12.117+deb13-cloud-amd64 6.12.117-1",
		"6.12.117+deb13-rt-amd64 6.12.117-1",
		"6.18.9+deb13-cloud-amd64 6.18.9-1~bpo13+1", "6.18.15+deb13-cloud-amd64 6.18.15-1~bpo13+1",
		"7.0.4+deb13-cloud-amd64 7.0.4-1~bpo13+1 restricted", "7.0.13+deb13-cloud-amd64 7.0.13-1~bpo13+1 restricted",
		"7.2.13+deb14-cloud-amd64 7.2.13-1", "7.3-cloud-amd64 7.3~rc7-1~exp1", "7.3.4+deb13-cloud-amd64 7.3.4-1~bpo13+1",
	} {
		f := strings.Fields(line)
		e := Entry{Release: f[0], PackageVersion: f[1], Version: version(f[1]), Restricted: len(f) > 2}
		for _, flavour := range []string{"cloud-amd64", "rt-amd64", "amd64"} {
			if strings.HasSuffix(f[0], "-"+flavour) {
				e.Flavour = flavour
				break
			}
		}
		if e.Restricted {
			e.Note = "needs a setting"
		}
		entries = append(entries, e)
	}
	return entries
}

func TestSelect(t *testing.T) {
	for _, c := range []struct{ selectors, want string }{
		{"6.12", "6.12.117-1"},
		{"6.12.95", "6.12.95-1"},
		{"6.12.43, 5.10", "5.10.262-1 6.12.43-1~bpo12+1"},
		{"6.12,6.12.117,6.12.117+deb13-cloud-amd64", "6.12.117-1"},
		{"6.12.117+deb12", "6.12.117-1~deb12u1"},
		{"6.1.0-56", "6.1.192-2"},
		{"6.1.192", "6.1.192-2"},
		{"6.1.192-1", "6.1.192-1"},
		{"5.10.0-46-cloud-amd64", "5.10.262-1"},
		{"7.3-rc7", "7.3~rc7-1~exp1"},
		{"7.3", "7.3.4-1~bpo13+1"},
		{"7.0", "7.0.13-1~bpo13+1"},
		{"7.0.4", "7.0.4-1~bpo13+1"},
		{"6.12.43..6.12.100", "6.12.43-1~bpo12+1 6.12.95-1~bpo12+1 6.12.95-1 6.12.100-1"},
		{"6.12.101..6.18", "6.12.117-1~deb12u1 6.12.117-1 6.18.9-1~bpo13+1 6.18.15-1~bpo13+1"},
		{"..5.10", "5.10.259-1 5.10.262-1"},
		{"6.18.15..", "6.18.15-1~bpo13+1 7.2.13-1 7.3~rc7-1~exp1 7.3.4-1~bpo13+1"},
		{"newest:1", "7.3.4-1~bpo13+1"},
		{"newest:4", "6.12.117-1 6.18.15-1~bpo13+1 7.2.13-1 7.3.4-1~bpo13+1"},
		{"newest:100", "5.10.262-1 6.1.192-2 6.12.117-1 6.18.15-1~bpo13+1 7.2.13-1 7.3.4-1~bpo13+1"},
	} {
		found, err := Select(offered(), c.selectors)
		if err != nil {
			t.Errorf("%s: %v", c.selectors, err)
			continue
		}
		var got []string
		for _, e := range found {
			if e.Flavour != "cloud-amd64" {
				t.Errorf("%s: took the flavour %s", c.selectors, e.Flavour)
			}
			got = append(got, e.PackageVersion)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %s, want %s", c.selectors, strings.Join(got, " "), c.want)
		}
	}
	all, err := Select(offered(), "all")
	if err != nil || len(all) != 16 {
		t.Errorf("all: %d kernels, %v; want the 16 cloud kernels that need no permission", len(all), err)
	}
	other, err := Select(offered(), "6.12.117+deb13-rt-amd64")
	if err != nil || len(other) != 1 || other[0].Flavour != "rt-amd64" {
		t.Errorf("a release of another flavour: %v, %v", other, err)
	}
}

func TestSelectNewestPackage(t *testing.T) {
	entries := []Entry{
		{Release: "6.1.0-56-cloud-amd64", Version: version("6.1.192"), PackageVersion: "6.1.192-2+b1", Flavour: "cloud-amd64"},
		{Release: "6.1.0-56-cloud-amd64", Version: version("6.1.192"), PackageVersion: "6.1.192-2", Flavour: "cloud-amd64"},
	}
	for _, selector := range []string{"all", "6.1", "6.1.0-56", "6.1..", "newest:1"} {
		found, err := Select(entries, selector)
		if err != nil || len(found) != 1 || found[0].PackageVersion != "6.1.192-2+b1" {
			t.Errorf("%s: %v, %v", selector, found, err)
		}
	}
}

func TestSelectErrors(t *testing.T) {
	for _, c := range []struct{ selectors, want string }{
		{"", "empty"},
		{"6.12,,6.1", "empty"},
		{"6.13", "near it: 5.10, 6.1, 6.12, 6.18, 7.0, 7.2"},
		{"6.12.96", "near it: 6.12.43, 6.12.95, 6.12.100, 6.12.117"},
		{"6.1.0", "ambiguous: it matches 3 releases; near it: 6.1.0-0.deb11.52-cloud-amd64, 6.1.0-55-cloud-amd64, 6.1.0-56-cloud-amd64"},
		{"6.1.0-5", "no kernel matches it"},
		{"6.12.200..6.13", "no kernel is in this range; near it"},
		{"6.12.50..6.12.43", "swap them"},
		{"..", "want FROM..TO"},
		{"6.12..x", "want numbers"},
		{"6.12+deb13..7.0", "its bounds must be upstream versions"},
		{"7.0..7.1", "needs a setting"},
		{"newest:0", "want a number from 1"},
		{"newest:", "want a number from 1"},
		{"newest", "not understood"},
		{"build:mine", "not understood"},
		{"stable", "not understood: use 6.12"},
	} {
		found, err := Select(offered(), c.selectors)
		var selector *SelectorError
		if !errors.As(err, &selector) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %d found, error %v; want one with %q", c.selectors, len(found), err, c.want)
		}
	}
	for _, selector := range []string{"6.12", "all", "newest:1", "6.1.."} {
		if _, err := Select(nil, selector); err == nil || !strings.Contains(err.Error(), "no kernels to choose from") {
			t.Errorf("%s of nothing: %v", selector, err)
		}
	}
}
