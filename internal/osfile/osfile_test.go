package osfile_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/osfile"
)

// The test binary is its own helper process: "lock" and "write" lock or write
// the file, print a line, and wait to be killed.
func TestMain(m *testing.M) {
	if what := os.Getenv("OSFILE_HELPER"); what != "" {
		path := os.Getenv("OSFILE_PATH")
		var err error
		switch what {
		case "lock":
			_, err = osfile.TryLock(path, osfile.Exclusive)
		case "byte":
			_, err = osfile.ByteLock(path, 7)
		case "write":
			var p *osfile.Pending
			if p, err = osfile.Create(path, 0o644); err == nil {
				_, err = p.Write([]byte("half of the new cont"))
			}
		}
		if err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		os.Stdout.WriteString("ready\n")
		_ = unix.Pause() // until it is killed
		os.Exit(2)
	}
	os.Exit(m.Run())
}

// helper starts a helper process on path, and returns once it is ready.
func helper(t *testing.T, what, path string) (kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "OSFILE_HELPER="+what, "OSFILE_PATH="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	t.Cleanup(kill)
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		t.Fatal(err)
	}
	return kill
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWriteKeepsTheMode(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name             string
		first, then, end os.FileMode
	}{{"writable", 0o640, 0o600, 0o640}, {"read-only", 0o444, 0o600, 0o444}, {"private", 0o600, 0o644, 0o600}} {
		path := filepath.Join(dir, c.name)
		for i, mode := range []os.FileMode{c.first, c.then} {
			content := string(rune('a' + i))
			check(t, osfile.Write(path, []byte(content), mode))
			st, err := os.Stat(path)
			check(t, err)
			if b, _ := os.ReadFile(path); string(b) != content || st.Mode() != c.end {
				t.Errorf("%s, written %d times: %q with mode %v", c.name, i+1, b, st.Mode())
			}
		}
	}
}

func TestKilledWriterLeavesTheOldContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	check(t, os.WriteFile(path, []byte("old"), 0o644))
	helper(t, "write", path)()
	if b, err := os.ReadFile(path); string(b) != "old" {
		t.Errorf("%q, %v", b, err)
	}
	check(t, osfile.Write(path, []byte("new"), 0o644))
	if b, err := os.ReadFile(path); string(b) != "new" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestFailedWriteLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	broken := errors.New("broken")
	err := osfile.WriteFunc(filepath.Join(dir, "f"), 0o644, func(*os.File) error { return broken })
	if left, _ := os.ReadDir(dir); !errors.Is(err, broken) || len(left) > 0 {
		t.Errorf("%v, left %v", err, left)
	}
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("a small tmpfs cannot be mounted: %v", err)
	}
	defer func() { check(t, unix.Unmount(dir, unix.MNT_DETACH)) }()
	path := filepath.Join(dir, "f")
	check(t, osfile.Write(path, []byte("old"), 0o644))
	if err := osfile.Write(path, make([]byte, 1<<20), 0o644); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("error %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "old" {
		t.Errorf("old content became %d bytes", len(b))
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left %v", left)
	}
}

func TestPublishDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	check(t, os.Mkdir(dir+".part", 0o755))
	check(t, os.WriteFile(filepath.Join(dir+".part", "f"), nil, 0o644))
	check(t, osfile.PublishDir(dir+".part", dir))
	if _, err := os.Stat(filepath.Join(dir, "f")); err != nil {
		t.Error(err)
	}
	check(t, os.Mkdir(dir+".part", 0o755))
	if err := osfile.PublishDir(dir+".part", dir); err == nil {
		t.Error("an existing directory was replaced")
	}
}

func TestTwoProcessesOnOneLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	kill := helper(t, "lock", path)
	var held *osfile.HeldError
	if _, err := osfile.TryLock(path, osfile.Shared); !errors.As(err, &held) || held.Path != path {
		t.Fatalf("try: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := osfile.Lock(ctx, path, osfile.Exclusive); !errors.As(err, &held) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("wait: %v", err)
	}
	time.AfterFunc(100*time.Millisecond, kill)
	f, err := osfile.Lock(t.Context(), path, osfile.Exclusive)
	if err != nil {
		t.Fatalf("the lock of a killed process is not free: %v", err)
	}
	check(t, f.Close())
}

func TestSharedLocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	a, err := osfile.TryLock(path, osfile.Shared)
	check(t, err)
	b, err := osfile.TryLock(path, osfile.Shared)
	check(t, err)
	check(t, a.Close())
	var held *osfile.HeldError
	if _, err := osfile.TryLock(path, osfile.Exclusive); !errors.As(err, &held) {
		t.Errorf("exclusive beside shared: %v", err)
	}
	check(t, b.Close())
	c, err := osfile.TryLock(path, osfile.Exclusive)
	check(t, err)
	check(t, c.Close())
}

// Only a held lock is a *HeldError: other errors of opening and locking are
// returned as they are.
func TestOtherErrorsAreNotHeld(t *testing.T) {
	var held *osfile.HeldError
	if _, err := osfile.TryLock(filepath.Join(t.TempDir(), "none", "lock"), osfile.Exclusive); err == nil || errors.As(err, &held) {
		t.Errorf("missing directory: %v", err)
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	check(t, err)
	check(t, f.Close())
	if err := osfile.Try(f, osfile.Exclusive); !errors.Is(err, unix.EBADF) || errors.As(err, &held) {
		t.Errorf("closed file: %v", err)
	}
}

func TestByteLocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bytes")
	kill := helper(t, "byte", path)
	var held *osfile.HeldError
	if _, err := osfile.ByteLock(path, 7); !errors.As(err, &held) {
		t.Errorf("another process's byte: %v", err)
	}
	f, err := osfile.ByteLock(path, 1<<40)
	check(t, err)
	if _, err := osfile.ByteLock(path, 1<<40); !errors.As(err, &held) {
		t.Errorf("own byte: %v", err)
	}
	if got, err := osfile.HeldBytes(path); err != nil || !slices.Equal(got, []int64{7, 1 << 40}) {
		t.Errorf("held: %v, %v", got, err)
	}
	kill()
	check(t, f.Close())
	if got, err := osfile.HeldBytes(path); err != nil || len(got) > 0 {
		t.Errorf("still held: %v, %v", got, err)
	}
}
