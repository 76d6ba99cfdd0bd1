package vm

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Persistent memory starts as a copy of the image, takes memory only where the
// image has data, and leaves the image alone.
func TestPmemIsACopy(t *testing.T) {
	const size = 64 << 20
	image := filepath.Join(t.TempDir(), "image")
	f, err := os.Create(image)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := bytes.Repeat([]byte("superblock "), 1000)
	for _, off := range []int64{0, 32<<20 + 77, size - int64(len(want))} {
		if _, err := f.WriteAt(want, off); err != nil {
			t.Fatal(err)
		}
	}
	p, err := newPmem(image)
	if err != nil {
		t.Fatal(err)
	}
	defer p.file.Close()
	if p.size != size {
		t.Errorf("%d bytes, want %d", p.size, size)
	}
	same(t, p.file, f)
	var st unix.Stat_t
	if err := unix.Fstat(int(p.file.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	if st.Blocks*512 > size/8 {
		t.Errorf("a sparse image takes %d bytes of memory", st.Blocks*512)
	}
	if _, err := p.file.WriteAt([]byte("the guest's"), 0); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := f.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
		t.Errorf("a write to the memory shows in the image (%v)", err)
	}
}

func same(t *testing.T, a, b *os.File) {
	t.Helper()
	x, err := io.ReadAll(io.NewSectionReader(a, 0, 1<<40))
	if err != nil {
		t.Fatal(err)
	}
	y, err := io.ReadAll(io.NewSectionReader(b, 0, 1<<40))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x, y) {
		t.Error("the memory differs from the image")
	}
}
