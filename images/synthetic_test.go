package images

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/splicelab/splicelab/kernels"
)

// elfModule is the smallest module: an ELF file with a .modinfo section.
func elfModule(t testing.TB, fields ...string) []byte {
	t.Helper()
	info := []byte(strings.Join(fields, "\x00") + "\x00")
	names := []byte("\x00.modinfo\x00.shstrtab\x00")
	h := elf.Header64{
		Type: uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: 1,
		Ehsize: 64, Shentsize: 64, Shnum: 3, Shstrndx: 2,
		Shoff: uint64(64 + len(info) + len(names)),
	}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")
	sections := []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Off: 64, Size: uint64(len(info))},
		{Name: 10, Type: uint32(elf.SHT_STRTAB), Off: uint64(64 + len(info)), Size: uint64(len(names))},
	}
	var b bytes.Buffer
	for _, part := range []any{h, info, names, sections} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// compress is the counterpart of decompress.
func compress(t testing.TB, name string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w interface {
		Write([]byte) (int, error)
		Close() error
	}
	var err error
	switch filepath.Ext(name) {
	case ".xz":
		w, err = xz.NewWriter(&b)
	case ".gz":
		w = gzip.NewWriter(&b)
	case ".zst":
		w, err = zstd.NewWriter(&b)
	default:
		return content
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// synthetic creates a kernel whose module tree contains the given files; those
// below kernel/ are modules with the given, newline-separated modinfo.
func synthetic(t testing.TB, files map[string]string) kernels.Kernel {
	t.Helper()
	k := kernels.Kernel{Release: "6.99.0-test", Digest: "digest", Modules: t.TempDir()}
	for name, content := range files {
		path := filepath.Join(k.Modules, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		b := []byte(content)
		if strings.HasPrefix(name, "kernel/") {
			b = compress(t, name, elfModule(t, strings.Split(content, "\n")...))
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// withConfig adds a configuration to the kernel.
func withConfig(t testing.TB, k kernels.Kernel, config string) kernels.Kernel {
	t.Helper()
	k.Config = filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(k.Config, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	return k
}
