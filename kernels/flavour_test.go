package kernels

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

// worldwide is an archive of several architectures. listed is its log: the
// architectures of which it read the index.
type worldwide struct {
	entries map[string][]Entry
	listed  *[]string
}

func newWorldwide() worldwide {
	w := worldwide{entries: map[string][]Entry{}, listed: new([]string)}
	for _, line := range []string{
		"amd64 cloud-amd64 5.10.0-46 5.10.262-1", "amd64 rt-amd64 5.10.0-46 5.10.262-1",
		"amd64 cloud-amd64 6.12.117+deb13 6.12.117-1", "amd64 amd64 6.12.117+deb13 6.12.117-1", "amd64 rt-amd64 6.12.117+deb13 6.12.117-1",
		"arm64 cloud-arm64 5.10.0-46 5.10.262-1",
		"arm64 cloud-arm64 6.12.107+deb13 6.12.107-1", "arm64 arm64-16k 6.12.107+deb13 6.12.107-1",
		"arm64 cloud-arm64 6.12.117+deb13 6.12.117-1", "arm64 arm64-16k 6.12.117+deb13 6.12.117-1", "arm64 arm64 6.12.117+deb13 6.12.117-1",
		"arm64 arm64-16k 7.2.12+deb14 7.2.12-1",
		"riscv64 riscv64 6.12.117+deb13 6.12.117-1", "riscv64 riscv64 7.2.12+deb14 7.2.12-1",
	} {
		f := strings.Fields(line)
		w.entries[f[0]] = append(w.entries[f[0]], Entry{Arch: f[0], Flavour: f[1], Release: f[2] + "-" + f[1], PackageVersion: f[3], Version: version(f[3])})
	}
	return w
}

func (w worldwide) List(ctx context.Context) ([]Entry, error) {
	all, err := w.ListArch(ctx, "amd64")
	return slices.DeleteFunc(all, func(e Entry) bool { return e.Flavour != "cloud-amd64" }), err
}

func (w worldwide) ListArch(_ context.Context, arch string) ([]Entry, error) {
	*w.listed = append(*w.listed, arch)
	return slices.Clone(w.entries[arch]), nil
}

func (worldwide) Archs(context.Context) ([]string, error) { return []string{"amd64", "ppc64el"}, nil }

func (worldwide) Fetch(context.Context, Entry, Progress) (Kernel, error) {
	return Kernel{}, errors.New("not for fetching")
}

func TestResolveFlavours(t *testing.T) {
	for _, c := range []struct{ selectors, want, listed string }{
		{"6.12", "6.12.117+deb13-cloud-amd64", "amd64"},
		{"6.12@arm64-16k", "6.12.117+deb13-arm64-16k", "arm64"},
		{"6.12@arm64", "6.12.117+deb13-arm64", "arm64"},
		{"6.12@rt-amd64", "6.12.117+deb13-rt-amd64", "amd64"},
		{"6.12.107@arm64-16k", "6.12.107+deb13-arm64-16k", "arm64"},
		{"6.12.117-1@riscv64", "6.12.117+deb13-riscv64", "riscv64"},
		{"6.12.117+deb13@cloud-arm64", "6.12.117+deb13-cloud-arm64", "arm64"},
		{"newest:3@riscv64", "6.12.117+deb13-riscv64 7.2.12+deb14-riscv64", "riscv64"},
		{"6.12.43..6.12.117@cloud-arm64", "6.12.107+deb13-cloud-arm64 6.12.117+deb13-cloud-arm64", "arm64"},
		{"all@arm64-16k", "6.12.107+deb13-arm64-16k 6.12.117+deb13-arm64-16k 7.2.12+deb14-arm64-16k", "arm64"},
		{"@arm64-16k", "6.12.107+deb13-arm64-16k 6.12.117+deb13-arm64-16k 7.2.12+deb14-arm64-16k", "arm64"},
		// A release names its flavour itself.
		{"6.12.117+deb13-arm64-16k", "6.12.117+deb13-arm64-16k", "arm64"},
		{"6.12.117+deb13-rt-amd64", "6.12.117+deb13-rt-amd64", "amd64"},
		{"5.10@*", "5.10.0-46-cloud-amd64 5.10.0-46-cloud-arm64 5.10.0-46-rt-amd64", "amd64 arm64 riscv64"},
		{"6.12@*", "6.12.117+deb13-amd64 6.12.117+deb13-arm64 6.12.117+deb13-arm64-16k 6.12.117+deb13-cloud-amd64 " +
			"6.12.117+deb13-cloud-arm64 6.12.117+deb13-riscv64 6.12.117+deb13-rt-amd64", "amd64 arm64 riscv64"},
		{"6.12@riscv64,6.12,6.12@riscv64", "6.12.117+deb13-cloud-amd64 6.12.117+deb13-riscv64", "amd64 riscv64 riscv64"},
	} {
		w := newWorldwide()
		found, err := Resolve(t.Context(), []Source{Files{}, w}, c.selectors)
		if err != nil {
			t.Errorf("%s: %v", c.selectors, err)
			continue
		}
		var got []string
		for _, e := range found {
			got = append(got, e.Release)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %s, want %s", c.selectors, got, c.want)
		}
		if listed := strings.Join(*w.listed, " "); listed != c.listed {
			t.Errorf("%s: read the indexes of %s, want %s", c.selectors, listed, c.listed)
		}
		if err := CheckSelectors(c.selectors); err != nil && !strings.Contains(c.selectors, "-1@") {
			t.Errorf("%s: its syntax is refused: %v", c.selectors, err)
		}
	}
}

func TestFlavourErrors(t *testing.T) {
	for _, c := range []struct{ selector, want string }{
		{"6.12@arm64-64k", `unknown flavour "arm64-64k": use cloud-amd64, amd64, rt-amd64, cloud-arm64, arm64, arm64-16k, rt-arm64, riscv64; the archive has packages for amd64, ppc64el`},
		{"6.12@ppc64el", "the archive has packages for amd64, ppc64el"},
		{"6.12@", "name a flavour after the @"},
		{"6.12@rt-arm64", "no kernel of the flavour rt-arm64, but of arm64, arm64-16k, cloud-arm64"},
		{"5.10@arm64-16k", "no kernel matches it; near it: 6.12, 7.2"},
		{"6.12.108@arm64-16k", "near it: 6.12.107, 6.12.117"},
		{"6.1@*", "no kernel matches it"},
		{"6.12.107..@x", "unknown flavour"},
		{"newest:0@riscv64", "want a number from 1"},
		{"stable@riscv64", "not understood"},
		{"6.12.117+deb14-arm64-16k", "no kernel matches it"},
		{"6.12@arm64@arm64", "unknown flavour"},
	} {
		_, err := Resolve(t.Context(), []Source{newWorldwide()}, c.selector)
		var selector *SelectorError
		if !errors.As(err, &selector) || !strings.Contains(err.Error(), c.want) || selector.Selector != c.selector {
			t.Errorf("%q: error %v, want one with %q", c.selector, err, c.want)
		}
	}
	for _, selector := range []string{"6.12@arm64-64k", "6.12@", "newest:3@", "x@riscv64"} {
		if err := CheckSelectors(selector); err == nil {
			t.Errorf("the syntax of %q is accepted", selector)
		}
	}
	// An @ in a path is no flavour.
	for _, selector := range []string{"file:/boot/a@b", "build:mine"} {
		if err := CheckSelectors(selector); err != nil {
			t.Errorf("%s: %v", selector, err)
		}
	}
}

// Two kernels that differ only in their architecture are two.
func TestUniqueKeepsArchitectures(t *testing.T) {
	e := Entry{Release: "6.12.0-mine", Version: version("6.12"), Origin: "x"}
	arm := e
	arm.Arch = "arm64"
	if found := unique([]Entry{arm, e, arm, e}); len(found) != 2 {
		t.Errorf("kept %+v", found)
	}
}
