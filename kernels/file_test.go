package kernels

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/splicelab/splicelab/kernels/kerneltest"
)

// fileKernel writes images, modules and a configuration to a directory.
func fileKernel(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	vmlinux := kerneltest.Vmlinux(testRelease, true)
	for name, data := range map[string][]byte{
		"bzImage":       kerneltest.BzImage(testRelease, kerneltest.Gzip(vmlinux)),
		"vmlinux":       vmlinux,
		"vmlinux-nopvh": kerneltest.Vmlinux(testRelease, false),
		"bzImage-nopvh": kerneltest.BzImage(testRelease, kerneltest.Gzip(kerneltest.Vmlinux(testRelease, false))),
		"bzImage-odd":   kerneltest.BzImage(testRelease, []byte("compressed in a future format")),
		"Image":         kerneltest.Image(testRelease, elf.EM_AARCH64, kerneltest.Pages16K),
		"Image.gz":      kerneltest.Gzip(kerneltest.Image(testRelease, elf.EM_RISCV, 0)),
		"text":          []byte("no kernel"),
		"config":        []byte("CONFIG_PVH=y\n"),
		"m/lib/modules/" + testRelease + "/kernel/a.ko": []byte("a module"),
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFiles(t *testing.T) {
	dir := fileKernel(t)
	modules := filepath.Join(dir, "m/lib/modules", testRelease)
	for _, c := range []struct {
		query                         string
		vmlinux, bzImage, pvh, module bool
	}{
		{"bzImage", true, true, true, false},
		{"vmlinux", true, false, true, false},
		{"bzImage-nopvh", false, true, false, false},
		{"bzImage-odd", false, true, false, false},
		{"Image", false, false, false, false},
		{"Image.gz", false, false, false, false},
		{"bzImage?modules=" + dir + "/m&config=" + dir + "/config", true, true, true, true},
		{"vmlinux?modules=" + modules, true, false, true, true},
		{"vmlinux?modules=" + filepath.Dir(modules), true, false, true, true},
	} {
		t.Run(c.query, func(t *testing.T) {
			store := openStore(t)
			entries, err := Resolve(t.Context(), []Source{Files{Store: store}}, "file:"+dir+"/"+c.query)
			if err != nil || len(entries) != 1 {
				t.Fatalf("resolved to %v, %v", entries, err)
			}
			e := entries[0]
			if e.Release != testRelease || e.Version != version("6.99.1") || e.Modules != c.module || !e.Cached {
				t.Errorf("entry %+v", e)
			}
			found, err := FetchAll(t.Context(), entries, 1, nil)
			if err != nil {
				t.Fatal(err)
			}
			k := found[0]
			if (k.Vmlinux != "") != c.vmlinux || (k.BzImage != "") != c.bzImage || k.PVH != c.pvh || (k.Modules != "") != c.module {
				t.Errorf("fetched %+v", k)
			}
			wantArch, wantPages := AMD64, 4096
			switch c.query {
			case "Image":
				wantArch, wantPages = "arm64", 16384
			case "Image.gz":
				wantArch = "riscv64"
			}
			if e.Arch != wantArch || k.Arch != wantArch || e.PageSize != wantPages || k.PageSize != wantPages {
				t.Errorf("entry for %s with pages of %d, fetched %s with %d", e.Arch, e.PageSize, k.Arch, k.PageSize)
			}
			if (k.Config != "") != strings.Contains(c.query, "config=") || len(k.Digest) != sumLen || k.BootImage() == "" {
				t.Errorf("fetched %+v", k)
			}
			if !strings.HasPrefix(k.BootImage(), store.Dir()) {
				t.Errorf("boots %s, which may change during a run", k.BootImage())
			}
			if c.module {
				if data, err := ReadFile(k, "kernel/a.ko"); err != nil || string(data) != "a module" {
					t.Errorf("module %q, %v", data, err)
				}
			}
		})
	}
}

func TestFilesWithoutStore(t *testing.T) {
	dir := fileKernel(t)
	e, err := Files{}.Entry("file:" + dir + "/bzImage")
	if err != nil {
		t.Fatal(err)
	}
	k, err := e.Source.Fetch(t.Context(), e, nil)
	if err != nil || k.BootImage() != filepath.Join(dir, "bzImage") || k.Digest == "" {
		t.Errorf("fetched %+v, %v", k, err)
	}
	if e, err = (Files{}).Entry("file:" + dir + "/Image.gz"); err != nil {
		t.Fatal(err)
	}
	if k, err := e.Source.Fetch(t.Context(), e, nil); err == nil {
		t.Errorf("boots %s, which QEMU does not unpack", k.BootImage())
	}
}

func TestFileDigest(t *testing.T) {
	dir := fileKernel(t)
	files := Files{Store: openStore(t)}
	digest := func() string {
		e, err := files.Entry("file:" + dir + "/vmlinux?modules=" + dir + "/m")
		if err != nil {
			t.Fatal(err)
		}
		k, err := files.Fetch(t.Context(), e, nil)
		if err != nil {
			t.Fatal(err)
		}
		return k.Digest
	}
	before := digest()
	if before != digest() {
		t.Error("the same kernel has two digests")
	}
	module := filepath.Join(dir, "m/lib/modules", testRelease, "kernel/a.ko")
	if err := os.WriteFile(module, []byte("another module"), 0o644); err != nil {
		t.Fatal(err)
	}
	if before == digest() {
		t.Error("another module does not change the digest")
	}
}

func TestFileErrors(t *testing.T) {
	dir := fileKernel(t)
	for query, want := range map[string]string{
		"none":                        "no such file",
		"text":                        "neither an ELF vmlinux, a bzImage nor an Image",
		"":                            "not a regular file",
		"vmlinux-nopvh":               "give its bzImage",
		"bzImage?modules=" + dir:      "neither it nor lib/modules/" + testRelease,
		"bzImage?config=/none":        "configuration /none",
		"bzImage?initrd=x":            `unknown setting "initrd"`,
		"bzImage?modules=/x&config=%": "invalid query",
	} {
		_, err := Resolve(t.Context(), nil, "file:"+dir+"/"+query)
		var selector *SelectorError
		if !errors.As(err, &selector) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", query, err, want)
		}
	}
	if _, err := Resolve(t.Context(), nil, "file:"); err == nil || !strings.Contains(err.Error(), "want the path") {
		t.Errorf("no path: %v", err)
	}
}

// fakeSource offers entries and fails to fetch some, which a real archive does
// not do on demand.
type fakeSource struct {
	entries []Entry
	listed  *atomic.Int32
}

func (f fakeSource) List(context.Context) ([]Entry, error) {
	f.listed.Add(1)
	entries := slices.Clone(f.entries)
	for i := range entries {
		entries[i].Source = f
	}
	return entries, nil
}

func (f fakeSource) Fetch(_ context.Context, e Entry, p Progress) (Kernel, error) {
	if strings.HasPrefix(e.Release, "7.") {
		return Kernel{}, errors.New("the mirror is on fire")
	}
	if p != nil {
		p.Update(e.Release, 1, 1)
	}
	return Kernel{Release: e.Release}, nil
}

// countProgress counts updates.
type countProgress struct{ n atomic.Int32 }

func (c *countProgress) Update(string, int64, int64) { c.n.Add(1) }

func TestResolveAndFetchAll(t *testing.T) {
	dir := fileKernel(t)
	source := fakeSource{entries: offered(), listed: new(atomic.Int32)}
	entries, err := Resolve(t.Context(), []Source{source}, "file:"+dir+"/bzImage")
	if err != nil || len(entries) != 1 || source.listed.Load() != 0 {
		t.Errorf("a file: %v, %v, listed %d times", entries, err, source.listed.Load())
	}
	entries, err = Resolve(t.Context(), []Source{source}, "newest:3,6.1,file:"+dir+"/bzImage,file:"+dir+"/bzImage,6.1")
	if err != nil || len(entries) != 5 || source.listed.Load() != 1 {
		t.Fatalf("%d entries, %v, listed %d times", len(entries), err, source.listed.Load())
	}
	var p countProgress
	found, err := FetchAll(t.Context(), entries, 3, &p)
	var got bytes.Buffer
	for _, k := range found {
		got.WriteString(k.Release + " ")
	}
	if got.String() != "6.1.0-56-cloud-amd64 6.18.15+deb13-cloud-amd64 "+testRelease+" " || p.n.Load() != 2 {
		t.Errorf("fetched %s with %d updates", got.String(), p.n.Load())
	}
	for _, want := range []string{"kernel 7.2.13+deb14-cloud-amd64: the mirror is on fire", "kernel 7.3.4+deb13-cloud-amd64: the mirror is on fire"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %q", err, want)
		}
	}
	if _, err := FetchAll(t.Context(), []Entry{{Release: "6.1"}}, 0, nil); err == nil {
		t.Error("fetched an entry without a source")
	}
}
