package kernels

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/kernels/kerneltest"
)

const testRelease = "6.99.1-test-cloud-amd64"

// The tools with the arguments used by the kernel's scripts/Makefile.lib and
// scripts/xz_wrap.sh. The size is appended to all but gzip.
var compressors = map[string][]string{
	"gzip":  {"gzip", "-n", "-9"},
	"bzip2": {"bzip2", "-9"},
	"lzma":  {"lzma", "-9"},
	"lzo":   {"lzop", "-9"},
	"lz4":   {"lz4", "-l", "-9", "-", "-"},
	"xz":    {"xz", "--check=crc32", "--x86", "--lzma2=dict=32MiB"},
	"zstd":  {"zstd", "-22", "--ultra"},
}

// compress creates the payload of a bzImage with the real tool.
func compress(t testing.TB, name string, vmlinux []byte) []byte {
	t.Helper()
	command := compressors[name]
	if _, err := exec.LookPath(command[0]); err != nil {
		t.Skipf("%s is not installed", command[0])
	}
	tool := exec.Command(command[0], command[1:]...)
	tool.Stdin = bytes.NewReader(vmlinux)
	payload, err := tool.Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	if name != "gzip" {
		payload = binary.LittleEndian.AppendUint32(payload, uint32(len(vmlinux)))
	}
	return payload
}

func TestExtractVmlinux(t *testing.T) {
	vmlinux := kerneltest.Vmlinux(testRelease, true)
	for name := range compressors {
		t.Run(name, func(t *testing.T) {
			payload := compress(t, name, vmlinux)
			if found, _ := payloadFormat(payload); found != name {
				t.Fatalf("detected as %q", found)
			}
			got, err := ExtractVmlinux(kerneltest.BzImage(testRelease, payload))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, vmlinux) {
				t.Fatal("the unpacked vmlinux differs")
			}
		})
	}
	t.Run("uncompressed", func(t *testing.T) {
		got, err := ExtractVmlinux(kerneltest.BzImage(testRelease, vmlinux))
		if err != nil || !bytes.Equal(got, vmlinux) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	})
}

// LZO has separate instructions for near and far matches and for various run
// lengths; the test data covers all of them.
func TestUnpackLZO(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	var far []byte
	for i := 0; i < 40; i++ {
		far = append(far, noise[random.IntN(50_000):][:random.IntN(5000)+1]...)
		far = append(far, bytes.Repeat([]byte{byte(i)}, random.IntN(2000))...)
	}
	for name, data := range map[string][]byte{
		"zeroes": make([]byte, 1_000_000),
		"noise":  noise,
		"far":    far,
		"text":   bytes.Repeat([]byte("abcabcdabcde"), 30_000),
		"one":    {1},
	} {
		payload := compress(t, "lzo", data)
		got, err := unpackLZO(payload[:len(payload)-4], len(data))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes, %v; want %d", name, len(got), err, len(data))
		}
	}
}

func TestExtractVmlinuxErrors(t *testing.T) {
	vmlinux := kerneltest.Vmlinux(testRelease, true)
	good := kerneltest.BzImage(testRelease, kerneltest.Gzip(vmlinux))
	change := func(f func(image []byte) []byte) []byte { return f(bytes.Clone(good)) }
	for _, c := range []struct {
		name  string
		image []byte
		want  string
	}{
		{"empty", nil, "not a bzImage"},
		{"text", bytes.Repeat([]byte("hello "), 1000), "not a bzImage"},
		{"truncated", good[:len(good)/2], "truncated"},
		{"old protocol", change(func(b []byte) []byte { b[0x206] = 7; return b }), "2.08"},
		{"no payload", change(func(b []byte) []byte { binary.LittleEndian.PutUint32(b[0x24c:], 0); return b }), "is not within"},
		{"offset far away", change(func(b []byte) []byte { binary.LittleEndian.PutUint32(b[0x248:], 1<<31); return b }), "is not within"},
		{"unknown", kerneltest.BzImage(testRelease, []byte("what is this payload?")), "unknown compression"},
		{"not ELF", kerneltest.BzImage(testRelease, kerneltest.Gzip([]byte("not an ELF image"))), "is not an ELF"},
		{"huge", kerneltest.BzImage(testRelease, []byte("\x28\xb5\x2f\xfd0000\xff\xff\xff\xff")), "claims to unpack"},
		{"corrupt", change(func(b []byte) []byte { b[len(b)-5000] ^= 0xff; return b }), "gzip payload"},
	} {
		if _, err := ExtractVmlinux(c.image); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
	t.Run("larger than claimed", func(t *testing.T) {
		for _, name := range []string{"zstd", "xz", "lz4", "lzo", "bzip2", "lzma"} {
			payload := compress(t, name, vmlinux)
			binary.LittleEndian.PutUint32(payload[len(payload)-4:], 1000)
			if _, err := ExtractVmlinux(kerneltest.BzImage(testRelease, payload)); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	})
}

func TestPVH(t *testing.T) {
	for _, want := range []bool{true, false} {
		if got := hasPVH(kerneltest.Vmlinux(testRelease, want)); got != want {
			t.Errorf("hasPVH = %v, want %v", got, want)
		}
	}
	if hasPVH([]byte("\x7fELF")) {
		t.Error("half a header has a PVH note")
	}
}

// TestRealKernels unpacks the kernels in the host's cache.
func TestRealKernels(t *testing.T) {
	cache := os.Getenv("SPLICELAB_CACHE")
	if cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			t.Skipf("no cache directory: %v", err)
		}
		cache = filepath.Join(base, "splicelab")
	}
	images, err := filepath.Glob(filepath.Join(cache, "kernels", entriesDir, "[0-9a-f]*", BzImageFile))
	if err != nil || len(images) == 0 {
		t.Skipf("no kernels in %s (SPLICELAB_CACHE)", cache)
	}
	for _, path := range images[:min(len(images), 5)] {
		image, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		outer, err := readBootImage(image)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		release := outer.release
		vmlinux, err := ExtractVmlinux(image)
		if err != nil {
			t.Errorf("%s: %v", release, err)
			continue
		}
		if inner, err := readBootImage(vmlinux); err != nil || inner.release != release {
			t.Errorf("%s: its vmlinux is %q, %v", release, inner.release, err)
		}
	}
}

// FuzzExtractVmlinux corrupts payloads: errors are fine, but no panic, infinite
// loop or memory use beyond the claimed size.
func FuzzExtractVmlinux(f *testing.F) {
	vmlinux := kerneltest.Vmlinux(testRelease, true)[:3000]
	f.Add(kerneltest.Gzip(vmlinux), uint32(100), byte(1))
	for name, command := range compressors {
		if _, err := exec.LookPath(command[0]); err == nil {
			f.Add(compress(f, name, vmlinux), uint32(100), byte(1))
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, at uint32, flip byte) {
		if len(payload) > 0 {
			payload = bytes.Clone(payload)
			payload[int(at)%len(payload)] ^= flip
		}
		if len(payload) >= 4 {
			binary.LittleEndian.PutUint32(payload[len(payload)-4:], uint32(len(vmlinux)))
		}
		image, err := ExtractVmlinux(kerneltest.BzImage(testRelease, payload))
		if err == nil && len(image) > MaxVmlinux {
			t.Errorf("%d bytes", len(image))
		}
		hasPVH(payload)
	})
}
