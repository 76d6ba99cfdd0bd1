package kernels

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/splicelab/splicelab/kernels/kerneltest"
)

// packZstd compresses without the size that the build of a bzImage appends.
func packZstd(t *testing.T, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(data, nil)
}

func TestReadBootImage(t *testing.T) {
	vmlinux := kerneltest.Vmlinux(testRelease, true)
	arm := kerneltest.Image(testRelease, elf.EM_AARCH64, kerneltest.Pages4K)
	risc := kerneltest.Image(testRelease, elf.EM_RISCV, 0)
	for _, c := range []struct {
		name     string
		raw      []byte
		arch     string
		file     string
		data     []byte // nil: as it is
		pageSize int
	}{
		{"vmlinux", vmlinux, "amd64", VmlinuxFile, nil, 0},
		{"bzImage", kerneltest.BzImage(testRelease, kerneltest.Gzip(vmlinux)), "amd64", BzImageFile, nil, 0},
		{"arm64 Image", arm, "arm64", ImageFile, nil, 4096},
		{"arm64 Image with pages of 16K", kerneltest.Image(testRelease, elf.EM_AARCH64, kerneltest.Pages16K), "arm64", ImageFile, nil, 16384},
		{"arm64 Image with pages of 64K", kerneltest.Image(testRelease, elf.EM_AARCH64, kerneltest.Pages64K), "arm64", ImageFile, nil, 65536},
		{"arm64 Image that does not say", kerneltest.Image(testRelease, elf.EM_AARCH64, 0), "arm64", ImageFile, nil, 0},
		{"arm64 Image.gz", kerneltest.Gzip(arm), "arm64", ImageFile, arm, 4096},
		{"arm64 Image.zst", packZstd(t, arm), "arm64", ImageFile, arm, 4096},
		{"arm64 zboot", kerneltest.Zboot(kerneltest.Gzip(arm)), "arm64", ImageFile, arm, 4096},
		{"arm64 vmlinux", kerneltest.ELF(arm, elf.EM_AARCH64), "arm64", ImageFile, arm, 4096},
		{"riscv64 Image", risc, "riscv64", ImageFile, nil, 0},
		// Bits 1 and 2 have another meaning there.
		{"riscv64 Image with flags", kerneltest.Image(testRelease, elf.EM_RISCV, kerneltest.Pages64K), "riscv64", ImageFile, nil, 0},
		{"riscv64 Image.gz", kerneltest.Gzip(risc), "riscv64", ImageFile, risc, 0},
		{"riscv64 vmlinux", kerneltest.ELF(risc, elf.EM_RISCV), "riscv64", ImageFile, risc, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := readBootImage(c.raw)
			if err != nil {
				t.Fatal(err)
			}
			if got.arch != c.arch || got.file != c.file || got.release != testRelease || got.pageSize != c.pageSize {
				t.Errorf("read as %s %s, release %s, pages of %d", got.arch, got.file, got.release, got.pageSize)
			}
			if want := c.data; want == nil && !bytes.Equal(got.data, c.raw) || want != nil && !bytes.Equal(got.data, want) {
				t.Errorf("QEMU gets %d other bytes", len(got.data))
			}
		})
	}
}

func TestReadBootImageErrors(t *testing.T) {
	arm := kerneltest.Image(testRelease, elf.EM_AARCH64, kerneltest.Pages4K)
	sparc := kerneltest.Vmlinux(testRelease, true)
	binary.LittleEndian.PutUint16(sparc[18:], uint16(elf.EM_SPARCV9))
	change := func(image []byte, f func([]byte)) []byte { image = bytes.Clone(image); f(image); return image }
	bad := map[string]struct {
		image []byte
		want  string
	}{
		"empty":        {nil, "neither"},
		"MZ":           {[]byte("MZ"), "neither"},
		"text":         {bytes.Repeat([]byte("hello "), 1000), "neither"},
		"gzip of text": {kerneltest.Gzip(bytes.Repeat([]byte("hello "), 1000)), "neither"},
		"header only":  {arm[:64], "not a Linux kernel"},
		"big endian":   {kerneltest.Image(testRelease, elf.EM_AARCH64, 1), "big-endian arm64"},
		"sparc":        {sparc, "the lab knows amd64, arm64, riscv64"},
		"s390x": {change(kerneltest.Vmlinux(testRelease, true), func(b []byte) {
			b[elf.EI_DATA] = byte(elf.ELFDATA2MSB)
			binary.BigEndian.PutUint16(b[18:], uint16(elf.EM_S390))
		}), "built for EM_S390"},
		"ELF header":     {[]byte(elf.ELFMAG), "truncated"},
		"half a vmlinux": {kerneltest.ELF(arm, elf.EM_AARCH64)[:20_000], "truncated"},
		"huge vmlinux": {change(kerneltest.ELF(arm, elf.EM_AARCH64), func(b []byte) { binary.LittleEndian.PutUint64(b[64+24:], 0) }),
			"do not make an image"},
		"vmlinux without Image": {kerneltest.ELF(bytes.Repeat([]byte("code"), 5000), elf.EM_AARCH64), "neither"},
		"half a zboot":          {kerneltest.Zboot(kerneltest.Gzip(arm))[:5000], "truncated"},
		"zboot of text":         {kerneltest.Zboot([]byte("what is this payload?")), "unknown compression"},
		"corrupt gzip":          {change(kerneltest.Gzip(arm), func(b []byte) { b[len(b)-5000] ^= 0xff }), "unpack gzip"},
	}
	for _, release := range []string{"6.1/../../etc", "6.1\x1b[2J", strings.Repeat("6", 100), ""} {
		bad["release "+release] = struct {
			image []byte
			want  string
		}{kerneltest.BzImage(release, nil), "version"}
	}
	for name, c := range bad {
		got, err := readBootImage(c.image)
		if err == nil {
			t.Errorf("%s: read as %s %s", name, got.arch, got.file)
		} else if !strings.Contains(err.Error(), c.want) && !strings.HasPrefix(name, "release") {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

// An entry of another architecture has one unpacked image, whatever the source
// had, and its page size survives in the store.
func TestStoreOtherArchitectures(t *testing.T) {
	s := openStore(t)
	arm := kerneltest.Image(testRelease, elf.EM_AARCH64, kerneltest.Pages16K)
	risc := kerneltest.Image(testRelease, elf.EM_RISCV, 0)
	for _, c := range []struct {
		name, arch, config string
		raw, image         []byte
		pageSize           int
	}{
		{"arm64", "arm64", "CONFIG_PAGE_SIZE_64KB=y\n", kerneltest.Gzip(arm), arm, 16384},
		{"riscv64", "riscv64", "CONFIG_PAGE_SIZE_64KB=y\n", risc, risc, 65536},
		{"plain", "riscv64", "", risc, risc, 4096},
	} {
		fill := func(_ context.Context, dir string) (Facts, error) {
			return Facts{Release: testRelease, Version: version(testRelease)}, errors.Join(
				os.WriteFile(filepath.Join(dir, BootFile), c.raw, 0o644),
				os.WriteFile(filepath.Join(dir, ConfigFile), []byte(c.config), 0o644))
		}
		if _, err := s.Put(t.Context(), c.name, fill); err != nil {
			t.Fatal(err)
		}
		k, ok, err := s.Get(t.Context(), c.name)
		if err != nil || !ok {
			t.Fatalf("%s: %v", c.name, err)
		}
		if k.Arch != c.arch || k.PageSize != c.pageSize || k.Image == "" || k.BootImage() != k.Image || k.BzImage != "" || k.Vmlinux != "" || k.PVH {
			t.Errorf("%s: got %+v", c.name, k)
		}
		if stored, err := os.ReadFile(k.Image); err != nil || !bytes.Equal(stored, c.image) {
			t.Errorf("%s: stored %d bytes, %v", c.name, len(stored), err)
		}
		left, err := os.ReadDir(filepath.Dir(k.Image))
		names := []string{}
		for _, f := range left {
			names = append(names, f.Name())
		}
		if err != nil || slices.Contains(names, BootFile) {
			t.Errorf("%s: the entry has %v, %v", c.name, names, err)
		}
	}
}

// Entries of earlier versions of the lab name neither architecture nor pages.
func TestStoreReadsOldEntries(t *testing.T) {
	s := openStore(t)
	k := put(t, s, "key")
	path := filepath.Join(filepath.Dir(k.BzImage), manifestFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"  \"arch\": \"amd64\",\n", "  \"page_size\": 4096,\n"} {
		if !bytes.Contains(text, []byte(line)) {
			t.Fatalf("the manifest does not have %q:\n%s", line, text)
		}
		text = bytes.Replace(text, []byte(line), nil, 1)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	old, ok, err := s.Get(t.Context(), "key")
	if err != nil || !ok || old != k || old.PageSize != 4096 {
		t.Errorf("got %+v, %v, %v; want %+v", old, ok, err, k)
	}
}

// FuzzReadBootImage corrupts images: errors are fine, but no panic and no more
// memory than the bound.
func FuzzReadBootImage(f *testing.F) {
	arm := kerneltest.Image(testRelease, elf.EM_AARCH64, kerneltest.Pages4K)[:6000]
	for _, image := range [][]byte{arm, kerneltest.Gzip(arm), kerneltest.Zboot(kerneltest.Gzip(arm)), kerneltest.ELF(arm, elf.EM_AARCH64)} {
		f.Add(image)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if got, err := readBootImage(raw); err == nil && (len(got.data) > MaxVmlinux || got.release == "" || got.arch == "") {
			t.Errorf("read %d bytes of %q for %q", len(got.data), got.release, got.arch)
		}
	})
}
