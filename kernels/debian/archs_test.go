package debian

import (
	"bytes"
	"debug/elf"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/apt"
	"github.com/splicelab/splicelab/kernels/kerneltest"
)

// of moves packages to another architecture, with its own boot image.
func of(arch string, image []byte, packages []debianPackage) []debianPackage {
	for i := range packages {
		packages[i].arch = arch
		for name := range packages[i].files {
			if strings.Contains(name, "vmlinuz") {
				delete(packages[i].files, name)
				if arch == "riscv64" && strings.HasPrefix(name, "./boot/") {
					name = strings.Replace(name, "vmlinuz", "vmlinux", 1) // as Debian names it there
				}
				packages[i].files[name] = image
			}
		}
	}
	return packages
}

const (
	armRelease   = "6.12.117+deb13-cloud-arm64"
	pagesRelease = "6.12.117+deb13-arm64-16k"
	riscRelease  = "7.3.4+deb13-riscv64"
)

// worldwide creates an archive with kernels of three architectures.
func worldwide(t *testing.T) *archive {
	a := newArchive(t)
	arm := kerneltest.Image(armRelease, elf.EM_AARCH64, kerneltest.Pages4K)
	pages := kerneltest.Image(pagesRelease, elf.EM_AARCH64, kerneltest.Pages16K)
	risc := kerneltest.Image(riscRelease, elf.EM_RISCV, 0)
	a.publish(suite{name: "trixie", packages: slices.Concat(
		whole(oldRelease, "6.12.117-1"),
		of("arm64", arm, whole(armRelease, "6.12.117-1")),
		of("arm64", pages, whole(pagesRelease, "6.12.117-1")),
		of("ppc64el", arm, whole("6.12.117+deb13-powerpc64le-64k", "6.12.117-1")),
	)})
	a.publish(suite{name: "trixie-backports", packages: slices.Concat(
		split(newRelease, "7.3.4-1~bpo13+1", false),
		of("riscv64", risc, split(riscRelease, "7.3.4-1~bpo13+1", true)),
		of("riscv64", kerneltest.Image("6.12.117+deb13-riscv64", elf.EM_RISCV, 0), whole("6.12.117+deb13-riscv64", "6.12.117-1")),
	)})
	return a
}

// Each architecture has an index of its own, which is read only when a selector
// needs it.
func TestArchitectures(t *testing.T) {
	a := worldwide(t)
	s := a.source(bothSuites)
	indexes := func() string {
		var read []string
		for _, path := range a.asked() {
			if _, rest, ok := strings.Cut(path, "main/binary-"); ok {
				arch, _, _ := strings.Cut(rest, "/")
				read = append(read, arch)
			}
		}
		slices.Sort(read)
		return strings.Join(read, " ")
	}
	for _, c := range []struct{ selector, want, indexes string }{
		{"6.12", oldRelease, "amd64 amd64"},
		{"6.12@arm64-16k", pagesRelease, "arm64"}, // backports has no arm64
		{"6.12@cloud-arm64", armRelease, ""},
		{"7.3@riscv64", riscRelease, "riscv64"},
		{"6.12@*", "6.12.117+deb13-riscv64 " + pagesRelease + " " + oldRelease + " " + armRelease, ""},
		{"6.12", oldRelease, ""},
	} {
		found, err := kernels.Resolve(t.Context(), []kernels.Source{s}, c.selector)
		if err != nil {
			t.Fatalf("%s: %v", c.selector, err)
		}
		var got []string
		for _, e := range found {
			got = append(got, e.Release)
		}
		want := strings.Fields(c.want)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %s, want %s", c.selector, got, want)
		}
		if read := indexes(); read != c.indexes {
			t.Errorf("%s: read indexes of %q, want %q", c.selector, read, c.indexes)
		}
	}
	if archs, err := s.Archs(t.Context()); err != nil || !slices.Equal(archs, []string{"amd64", "arm64", "ppc64el", "riscv64"}) {
		t.Errorf("the archive has %s, %v", archs, err)
	}
	_, err := kernels.Resolve(t.Context(), []kernels.Source{s}, "6.12@powerpc64le-64k")
	if err == nil || !strings.Contains(err.Error(), "the archive has packages for amd64, arm64, ppc64el, riscv64") {
		t.Errorf("a flavour that the lab does not know: %v", err)
	}
}

func TestFetchArchitectures(t *testing.T) {
	a := worldwide(t)
	s := a.source(func(c *Config) { bothSuites(c); c.AllowUnindexedModules = true })
	entries, err := kernels.Resolve(t.Context(), []kernels.Source{s}, "6.12@arm64-16k,7.3@riscv64,6.12@riscv64")
	if err != nil {
		t.Fatal(err)
	}
	// In another process the archive was not listed yet.
	other := a.sourceIn(s.store, func(c *Config) { bothSuites(c); c.AllowUnindexedModules = true })
	for i := range entries {
		entries[i].Source = other
	}
	found, err := kernels.FetchAll(t.Context(), entries, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		release, arch string
		pageSize      int
		image         []byte
	}{
		{pagesRelease, "arm64", 16384, kerneltest.Image(pagesRelease, elf.EM_AARCH64, kerneltest.Pages16K)},
		{riscRelease, "riscv64", 4096, kerneltest.Image(riscRelease, elf.EM_RISCV, 0)},
		{"6.12.117+deb13-riscv64", "riscv64", 4096, kerneltest.Image("6.12.117+deb13-riscv64", elf.EM_RISCV, 0)},
	} {
		i := slices.IndexFunc(found, func(k kernels.Kernel) bool { return k.Release == c.release })
		if i < 0 {
			t.Errorf("no %s", c.release)
			continue
		}
		k := found[i]
		if k.Arch != c.arch || k.PageSize != c.pageSize || entries[i].PageSize != c.pageSize || k.Modules == "" || k.Config == "" || k.BootImage() != k.Image {
			t.Errorf("%s: %+v", c.release, k)
		}
		if image, err := os.ReadFile(k.BootImage()); err != nil || !bytes.Equal(image, c.image) {
			t.Errorf("%s: boots %d bytes, %v", c.release, len(image), err)
		}
	}
}

// A package that contains another architecture's kernel than its index says.
func TestFetchForeignImage(t *testing.T) {
	a := newArchive(t)
	a.publish(suite{name: "trixie", packages: of("riscv64", kerneltest.Image(riscRelease, elf.EM_AARCH64, 0), whole(riscRelease, "7.3.4-1"))})
	s := a.source(suites("trixie"))
	entries, err := kernels.Resolve(t.Context(), []kernels.Source{s}, "7.3@riscv64")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kernels.FetchAll(t.Context(), entries, 1, nil); err == nil || !strings.Contains(err.Error(), "built for arm64, not riscv64") {
		t.Errorf("fetched it, or %v", err)
	}
}

// An old index of a default suite hides neither the default architecture's
// kernels, nor those of other suites; if the user named the suite, it is an error.
func TestStaleIndexOfAnotherArchitecture(t *testing.T) {
	a := worldwide(t)
	for path, body := range a.files {
		if strings.Contains(path, "trixie-backports/main/binary-riscv64") {
			a.files[path] = body[:len(body)-10]
		}
	}
	a.publish(suite{name: "trixie", packages: slices.Concat(whole(oldRelease, "6.12.117-1"),
		of("riscv64", kerneltest.Image("6.12.107+deb13-riscv64", elf.EM_RISCV, 0), whole("6.12.107+deb13-riscv64", "6.12.107-1")))})
	s := a.source(nil) // the default suites, of which the archive has two
	if found := list(t, s); len(found) != 2 {
		t.Errorf("of amd64: %+v", found)
	}
	found, err := s.ListArch(t.Context(), "riscv64")
	if err != nil || len(found) != 1 || found[0].Release != "6.12.107+deb13-riscv64" {
		t.Errorf("of riscv64: %+v, %v", found, err)
	}
	if w := strings.Join(s.Warnings(), "; "); !strings.Contains(w, "suite trixie-backports is skipped for riscv64: ") {
		t.Errorf("warnings %q", w)
	}
	if found, err := a.source(bothSuites).ListArch(t.Context(), "riscv64"); !isA[*apt.TruncatedError](err) {
		t.Errorf("of a named suite: %+v, %v", found, err)
	}
	own := a.source(func(c *Config) { c.Architecture = "riscv64" })
	if found, err := own.List(t.Context()); !isA[*apt.TruncatedError](err) {
		t.Errorf("of the default architecture: %+v, %v", found, err)
	}
}

func TestDefaultFlavour(t *testing.T) {
	a := worldwide(t)
	for _, c := range []struct{ suite, arch, flavour, want string }{
		{"trixie", "amd64", "", oldRelease},
		{"trixie", "arm64", "", armRelease},
		{"trixie-backports", "riscv64", "", riscRelease + " 6.12.117+deb13-riscv64"}, // there is no cloud flavour
		{"trixie", "arm64", "all", armRelease + " " + pagesRelease},
		{"trixie", "arm64", "arm64-16k", pagesRelease},
		{"trixie", "", "arm64-16k", pagesRelease}, // the architecture follows from it
		{"trixie-backports", "riscv64", "generic", riscRelease + " 6.12.117+deb13-riscv64"},
	} {
		s := a.source(func(cfg *Config) { cfg.Suites, cfg.Flavour, cfg.Architecture = []string{c.suite}, c.flavour, c.arch })
		var got []string
		for _, e := range list(t, s) {
			got = append(got, e.Release)
		}
		want := strings.Fields(c.want)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q of %q: %s, want %s", c.flavour, c.arch, got, want)
		}
	}
}
