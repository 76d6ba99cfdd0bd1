package artifact_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/artifact"
)

type (
	store = artifact.Store[artifact.Manifest]
	entry = artifact.Entry[artifact.Manifest]
)

func digest(f *os.File) (string, error) {
	h := sha256.New()
	_, err := io.Copy(h, f)
	return fmt.Sprintf("%x", h.Sum(nil)), err
}

func open(dir string) *store {
	return &store{Dir: dir, Locks: dir, Max: artifact.Unbounded,
		Check: func(key, dir string) (artifact.Manifest, error) { return artifact.Verify(key, dir, digest) }}
}

// writer fills an entry with one file.
func writer(key, content string) func(context.Context, string) error {
	return func(_ context.Context, dir string) error {
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte(content), 0o644); err != nil {
			return err
		}
		return artifact.Seal(key, dir, digest, "notes of "+key)
	}
}

func refuse(context.Context, string) error { return errors.New("unexpected call of fill") }

// The test binary is its own helper process, which uses the store in
// ARTIFACT_DIR: "partial" stops half way through filling an entry, "slow" fills
// it once its standard input is closed, "use" has filled it and holds it.
func TestMain(m *testing.M) {
	what := os.Getenv("ARTIFACT_HELPER")
	if what == "" {
		os.Exit(m.Run())
	}
	ready := func() { os.Stdout.WriteString("ready\n") }
	_, err := open(os.Getenv("ARTIFACT_DIR")).Make(context.Background(), "key", func(ctx context.Context, dir string) error {
		switch what {
		case "partial":
			if err := os.WriteFile(filepath.Join(dir, "file"), []byte("hal"), 0o644); err != nil {
				return err
			}
			ready()
			_ = unix.Pause()
		case "slow":
			ready()
			if _, err := io.ReadAll(os.Stdin); err != nil {
				return err
			}
		}
		return writer("key", "of the helper")(ctx, dir)
	})
	if err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	if what == "use" {
		ready()
		_ = unix.Pause() // until it is killed
	}
	os.Exit(0)
}

// helper starts a helper process and returns when it is ready.
func helper(t *testing.T, what, dir string) (cmd *exec.Cmd, stdin io.Closer) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ARTIFACT_HELPER="+what, "ARTIFACT_DIR="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	check(t, err)
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	t.Cleanup(func() { kill(cmd) })
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		t.Fatal(err)
	}
	return cmd, in
}

// kill sends SIGKILL and waits for the process to exit.
func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill(); _ = cmd.Wait() }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, s *store, key string, fill func(context.Context, string) error) *entry {
	t.Helper()
	e, err := s.Make(t.Context(), key, fill)
	check(t, err)
	t.Cleanup(e.Release)
	return e
}

func content(t *testing.T, e *entry) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(e.Dir, "file"))
	check(t, err)
	return string(b)
}

// names lists a directory without lock files.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	check(t, err)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".lock") {
			all = append(all, e.Name())
		}
	}
	return all
}

func TestMakeOnce(t *testing.T) {
	s := open(t.TempDir())
	if _, err := s.Get(t.Context(), "key"); !errors.Is(err, artifact.ErrNone) || s.Has("key") {
		t.Errorf("an empty store: %v", err)
	}
	get(t, s, "key", writer("key", "abc"))
	again := get(t, s, "key", refuse)
	if content(t, again) != "abc" || string(again.Value.Notes) != `"notes of key"` || !s.Has("key") {
		t.Errorf("%q, notes %s", content(t, again), again.Value.Notes)
	}
	for _, key := range []string{"", "../key", "a.part"} {
		if _, err := s.Make(t.Context(), key, writer(key, "abc")); err == nil {
			t.Errorf("%q is accepted as a key", key)
		}
	}
}

func TestKilledWhileFilling(t *testing.T) {
	s := open(t.TempDir())
	cmd, _ := helper(t, "partial", s.Dir)
	if got := names(t, s.Dir); !slices.Equal(got, []string{"key.part"}) {
		t.Fatalf("while it is filled: %q", got)
	}
	// Filling another entry sweeps up after dead processes, but not live ones.
	get(t, s, "other", writer("other", "abc"))
	if got := names(t, s.Dir); !slices.Equal(got, []string{"key.part", "other"}) {
		t.Errorf("while another process fills: %q", got)
	}
	kill(cmd)
	get(t, s, "third", writer("third", "abc"))
	if got := names(t, s.Dir); !slices.Equal(got, []string{"other", "third"}) {
		t.Errorf("after the filling process was killed: %q", got)
	}
	if got := content(t, get(t, s, "key", writer("key", "whole"))); got != "whole" {
		t.Errorf("rebuilt: %q", got)
	}
}

func TestTwoProcessesFillOnce(t *testing.T) {
	s := open(t.TempDir())
	_, stdin := helper(t, "slow", s.Dir)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Make(ctx, "key", refuse); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a cancelled wait: %v", err)
	}
	time.AfterFunc(50*time.Millisecond, func() { _ = stdin.Close() })
	if got := content(t, get(t, s, "key", refuse)); got != "of the helper" {
		t.Errorf("%q", got)
	}
}

func TestCorruptEntryIsRebuilt(t *testing.T) {
	for name, damage := range map[string]func(dir string) error{
		"changed":     func(dir string) error { return os.WriteFile(filepath.Join(dir, "file"), []byte("abd"), 0o644) },
		"truncated":   func(dir string) error { return os.Truncate(filepath.Join(dir, "file"), 1) },
		"missing":     func(dir string) error { return os.Remove(filepath.Join(dir, "file")) },
		"no manifest": func(dir string) error { return os.Remove(filepath.Join(dir, artifact.ManifestFile)) },
		"manifest":    func(dir string) error { return os.Truncate(filepath.Join(dir, artifact.ManifestFile), 9) },
		"another's":   func(dir string) error { return artifact.Seal("another", dir, digest, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t.TempDir())
			e := get(t, s, "key", writer("key", "abc"))
			e.Release()
			check(t, damage(e.Dir))
			if _, err := s.Get(t.Context(), "key"); !errors.Is(err, artifact.ErrNone) || !errors.Is(err, artifact.ErrCorrupt) {
				t.Errorf("got %v", err)
			}
			if got := names(t, s.Dir); len(got) > 0 {
				t.Errorf("left %q", got)
			}
			if got := content(t, get(t, s, "key", writer("key", "new"))); got != "new" {
				t.Errorf("rebuilt: %q", got)
			}
		})
	}
}

// An entry that never passes its check is an error, not an endless loop. A
// check that cannot decide leaves the entry alone.
func TestFailingChecks(t *testing.T) {
	s := open(t.TempDir())
	times := 0
	_, err := s.Make(t.Context(), "key", func(ctx context.Context, dir string) error {
		times++
		return writer("another", "abc")(ctx, dir)
	})
	if !errors.Is(err, artifact.ErrCorrupt) || times > 3 {
		t.Errorf("filled %d times: %v", times, err)
	}
	get(t, s, "key", writer("key", "abc")).Release()
	s.Check = func(string, string) (artifact.Manifest, error) { return artifact.Manifest{}, unix.EIO }
	if _, err := s.Make(t.Context(), "key", refuse); !errors.Is(err, unix.EIO) || !s.Has("key") {
		t.Errorf("unreadable: %v", err)
	}
}

func TestFailedFillLeavesNothing(t *testing.T) {
	s := open(t.TempDir())
	broken := errors.New("broken")
	_, err := s.Make(t.Context(), "key", func(ctx context.Context, dir string) error {
		return errors.Join(writer("key", "abc")(ctx, dir), broken)
	})
	if got := names(t, s.Dir); !errors.Is(err, broken) || len(got) > 0 {
		t.Errorf("%v, left %q", err, got)
	}
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a small tmpfs cannot be mounted: %v", err)
	}
	defer func() { check(t, unix.Unmount(dir, unix.MNT_DETACH)) }()
	s := open(dir)
	get(t, s, "small", writer("small", "abc")).Release()
	if _, err := s.Make(t.Context(), "big", writer("big", strings.Repeat("x", 1<<20))); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("error %v", err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"small"}) {
		t.Errorf("left %q", got)
	}
	get(t, s, "small", refuse)
}

// age sets an entry's last use to an hour before that of the others.
func age(t *testing.T, s *store, key string) {
	t.Helper()
	past := time.Now().Add(-time.Hour)
	check(t, os.Chtimes(filepath.Join(s.Path(key), artifact.ManifestFile), past, past))
}

func TestEviction(t *testing.T) {
	s := open(t.TempDir())
	user, _ := helper(t, "use", s.Dir) // "key", in another process
	big := strings.Repeat("0123456789abcdef", 4096)
	for _, key := range []string{"mine", "old", "young"} {
		e := get(t, s, key, writer(key, big))
		if key != "mine" {
			e.Release()
		}
	}
	for _, key := range []string{"key", "mine", "old"} {
		age(t, s, key)
	}
	s.Max = artifact.Allocated(s.Dir) - 1
	get(t, s, "new", writer("new", big)).Release()
	if got, err := s.Keys(); err != nil || !slices.Equal(got, []string{"key", "mine", "new", "young"}) {
		t.Errorf("left %q, %v", got, err)
	}
	kill(user)
	s.Max = 0
	get(t, s, "newest", writer("newest", big))
	if got, err := s.Keys(); err != nil || !slices.Equal(got, []string{"mine", "newest"}) {
		t.Errorf("without space for any: left %q, %v", got, err)
	}
}

func TestRemove(t *testing.T) {
	s := open(t.TempDir())
	e := get(t, s, "key", writer("key", "abc"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Remove(ctx, "key"); !errors.Is(err, context.DeadlineExceeded) || !s.Has("key") {
		t.Errorf("in use: %v", err)
	}
	e.Release()
	if err := s.Remove(t.Context(), "key"); err != nil || s.Has("key") {
		t.Errorf("free: %v", err)
	}
}

func TestRemoveUnused(t *testing.T) {
	s := open(t.TempDir())
	check(t, os.WriteFile(filepath.Join(s.Dir, "key.img"), nil, 0o644)) // an older version's
	get(t, s, "held", writer("held", "abc"))
	for _, key := range []string{"old", "young", "used"} {
		get(t, s, key, writer(key, "abc")).Release()
	}
	for _, key := range []string{"held", "old", "used"} {
		age(t, s, key)
	}
	get(t, s, "used", refuse).Release()
	past := time.Now().Add(-time.Hour)
	check(t, os.Chtimes(filepath.Join(s.Dir, "key.img"), past, past))
	removed, err := s.RemoveUnused(t.Context(), time.Now().Add(-time.Minute))
	if got := names(t, s.Dir); err != nil || !slices.Equal(removed, []string{"old"}) || !slices.Equal(got, []string{"held", "used", "young"}) {
		t.Errorf("removed %q, left %q, %v", removed, got, err)
	}
	s = open(filepath.Join(s.Dir, "none"))
	if removed, err := s.RemoveUnused(t.Context(), time.Now()); len(removed) > 0 || err != nil {
		t.Errorf("of a store that does not exist: %q, %v", removed, err)
	}
}

func TestBlocks(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	check(t, err)
	defer f.Close()
	want := bytes.Repeat([]byte{0}, 9*artifact.Block+10)
	want[0], want[5*artifact.Block+7], want[len(want)-1] = 1, 2, 3
	check(t, f.Truncate(int64(len(want))))
	for _, i := range []int{0, 5*artifact.Block + 7, len(want) - 1} {
		_, err := f.WriteAt(want[i:i+1], int64(i))
		check(t, err)
	}
	got := make([]byte, len(want))
	check(t, artifact.Blocks(f, func(at int64, block []byte) error {
		if at%artifact.Block != 0 || len(block) > artifact.Block {
			return fs.ErrInvalid
		}
		copy(got[at:], block)
		return nil
	}))
	if !bytes.Equal(got, want) {
		t.Error("the blocks differ from the file")
	}
	if !artifact.Zero(want[1:100]) || artifact.Zero(want[:100]) {
		t.Error("zeros are not distinguished from data")
	}
}
