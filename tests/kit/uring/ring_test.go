package uring

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func TestLayout(t *testing.T) {
	for name, size := range map[string][2]uintptr{
		"SQE": {unsafe.Sizeof(SQE{}), 64}, "CQE": {unsafe.Sizeof(CQE{}), 16}, "params": {unsafe.Sizeof(params{}), 120},
	} {
		if size[0] != size[1] {
			t.Errorf("%s has %d bytes, the kernel's has %d", name, size[0], size[1])
		}
	}
}

func newRing(t *testing.T) *Ring {
	t.Helper()
	r, err := New(4)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		t.Skipf("io_uring_setup: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// More requests than the ring has entries, so that both queues wrap around.
func TestDo(t *testing.T) {
	r := newRing(t)
	for i := range uint64(20) {
		c, err := r.Do(SQE{Opcode: OpNop, UserData: i})
		if err != nil || c.Err() != nil || c.UserData != i {
			t.Fatalf("request %d: %+v, %v", i, c, err)
		}
	}
	if c, err := r.Next(time.Now().Add(time.Millisecond)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("an idle ring has a completion: %+v, %v", c, err)
	}
	if c, err := r.Do(SQE{Opcode: OpRead, FD: -1}); err != nil || !errors.Is(c.Err(), unix.EBADF) {
		t.Fatalf("a read from an invalid descriptor: %+v, %v", c, err)
	}
}

func TestSplice(t *testing.T) {
	r := newRing(t)
	path := filepath.Join(t.TempDir(), "f")
	want := bytes.Repeat([]byte("splice"), 1000)
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = in.Close(), out.Close() }()
	c, err := r.Do(SQE{Opcode: OpSplice, FD: int32(out.Fd()), Off: NoOffset, SpliceFDIn: int32(f.Fd()), Addr: 6, Len: 600, UserData: 7})
	if err != nil || c.Res != 600 {
		t.Fatalf("splice: %+v, %v", c, err)
	}
	got := make([]byte, 1000)
	n, err := in.Read(got)
	if err != nil || !bytes.Equal(got[:n], want[:600]) {
		t.Fatalf("read %d bytes, %v", n, err)
	}
}
