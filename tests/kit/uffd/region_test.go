package uffd

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A read from a pipe stops at the first missing page, having copied what
// precedes it, and continues when that page is resolved.
func TestReadStops(t *testing.T) {
	page := os.Getpagesize()
	r, err := New(3 * page)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		t.Skipf("userfaultfd: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Resolve(0, page); err != nil {
		t.Fatal(err)
	}
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = in.Close(), out.Close() }()
	want := bytes.Repeat([]byte("tear"), page/2)
	if _, err := out.Write(want); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		n, err := unix.Read(int(in.Fd()), r.Bytes(0)[:len(want)])
		if err == nil && n != len(want) {
			err = errors.New("short read")
		}
		done <- err
	}()
	at, err := r.Await(time.Now().Add(5 * time.Second))
	if err != nil || at != page {
		t.Fatalf("stopped at %d, %v", at, err)
	}
	select {
	case err := <-done:
		t.Fatalf("the read did not block: %v", err)
	default:
	}
	if !bytes.Equal(r.Bytes(0)[:page], want[:page]) {
		t.Error("the data before the missing page was not copied")
	}
	if err := r.Resolve(page, page); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(r.Bytes(0)[:len(want)], want) {
		t.Error("the read returned wrong data")
	}
	if _, err := r.Await(time.Now().Add(time.Millisecond)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a fault without a reader: %v", err)
	}
}
