package template

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/internal/artifact"
)

// store opens one of max bytes in a temporary directory.
func store(t *testing.T, max int64) *Store {
	t.Helper()
	s, err := Open(t.TempDir(), max)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// writer returns a build function for a template of one file; times counts its
// calls.
func writer(content string, times *int) func(context.Context, string) (any, error) {
	return func(_ context.Context, dir string) (any, error) {
		*times++
		return map[string]string{"of": content}, os.WriteFile(filepath.Join(dir, "memory"), []byte(content), 0o644)
	}
}

func get(t *testing.T, s *Store, key string, build func(context.Context, string) (any, error)) *Template {
	t.Helper()
	got, err := s.Get(t.Context(), key, build)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(got.Release)
	return got
}

func TestBuiltOnce(t *testing.T) {
	s := store(t, 1<<30)
	times := 0
	for range 3 {
		got := get(t, s, "a", writer("abc", &times))
		var notes map[string]string
		if err := json.Unmarshal(got.Notes, &notes); err != nil || notes["of"] != "abc" {
			t.Errorf("notes %s, %v", got.Notes, err)
		}
		got.Release()
	}
	if times != 1 {
		t.Errorf("built %d times", times)
	}
}

func TestTornIsRebuilt(t *testing.T) {
	for name, damage := range map[string]func(dir string) error{
		"changed":     func(dir string) error { return os.WriteFile(filepath.Join(dir, "memory"), []byte("abd"), 0o644) },
		"truncated":   func(dir string) error { return os.Truncate(filepath.Join(dir, "memory"), 1) },
		"zeros added": func(dir string) error { return os.Truncate(filepath.Join(dir, "memory"), 8192) },
		"missing":     func(dir string) error { return os.Remove(filepath.Join(dir, "memory")) },
		"no manifest": func(dir string) error { return os.Remove(filepath.Join(dir, artifact.ManifestFile)) },
		"manifest": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, artifact.ManifestFile), []byte("{"), 0o644)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := store(t, 1<<30)
			times := 0
			first := get(t, s, "a", writer("abc", &times))
			first.Release()
			if err := damage(first.Dir); err != nil {
				t.Fatal(err)
			}
			again := get(t, s, "a", writer("abc", &times))
			b, err := os.ReadFile(filepath.Join(again.Dir, "memory"))
			if times != 2 || err != nil || string(b) != "abc" {
				t.Errorf("built %d times, holds %q, %v", times, b, err)
			}
		})
	}
}

// A template in another's directory is intact, but not the requested one.
func TestForeignIsRebuilt(t *testing.T) {
	s := store(t, 1<<30)
	times := 0
	dirs := map[string]string{}
	for _, key := range []string{"a", "b"} {
		made := get(t, s, key, writer("of "+key, &times))
		made.Release()
		dirs[key] = made.Dir
	}
	if err := os.RemoveAll(dirs["a"]); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dirs["b"], dirs["a"]); err != nil {
		t.Fatal(err)
	}
	again := get(t, s, "a", writer("of a", &times))
	b, err := os.ReadFile(filepath.Join(again.Dir, "memory"))
	if times != 3 || err != nil || string(b) != "of a" {
		t.Errorf("built %d times, holds %q, %v", times, b, err)
	}
}

func TestFailedBuildLeavesNothing(t *testing.T) {
	s := store(t, 1<<30)
	broken := errors.New("no space")
	_, err := s.Get(t.Context(), "a", func(_ context.Context, dir string) (any, error) {
		return nil, errors.Join(os.WriteFile(filepath.Join(dir, "memory"), []byte("half"), 0o644), broken)
	})
	if !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	left, err := filepath.Glob(filepath.Join(s.entries.Dir, "a*"))
	if err != nil || len(left) != 1 || filepath.Ext(left[0]) != ".lock" {
		t.Errorf("left: %v, %v", left, err)
	}
}

// The least recently used template goes first; one in use stays, however old.
func TestEviction(t *testing.T) {
	s := store(t, 1<<40)
	times := 0
	content := strings.Repeat("0123456789abcdef", 64*artifact.Block/16)
	held := get(t, s, "held", writer(content, &times))
	for _, key := range []string{"old", "young"} {
		get(t, s, key, writer(content, &times)).Release()
	}
	past := time.Now().Add(-time.Hour)
	for _, key := range []string{"held", "old"} {
		if err := os.Chtimes(filepath.Join(s.entries.Dir, key, artifact.ManifestFile), past, past); err != nil {
			t.Fatal(err)
		}
	}
	// Filesystems differ in what they allocate, so the limit is computed: one byte
	// too small for all three.
	s.entries.Max = -1
	for _, key := range []string{"held", "old", "young"} {
		s.entries.Max += artifact.Allocated(filepath.Join(s.entries.Dir, key))
	}
	get(t, s, "new", writer(content, &times))
	for key, want := range map[string]bool{"held": true, "old": false, "young": true, "new": true} {
		_, err := os.Stat(filepath.Join(s.entries.Dir, key))
		if (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", key, err == nil, want)
		}
	}
	if b, err := os.ReadFile(filepath.Join(held.Dir, "memory")); err != nil || string(b) != content {
		t.Errorf("the template in use: %d bytes, %v", len(b), err)
	}
}

// Two concurrent Gets of one template: one builds it, the other waits.
func TestConcurrentGet(t *testing.T) {
	s := store(t, 1<<30)
	building, wait := make(chan struct{}), make(chan struct{})
	times := 0
	slow := func(ctx context.Context, dir string) (any, error) {
		close(building)
		<-wait
		return writer("abc", &times)(ctx, dir)
	}
	done := make(chan error, 2)
	use := func(build func(context.Context, string) (any, error)) {
		got, err := s.Get(t.Context(), "a", build)
		if err == nil {
			got.Release()
		}
		done <- err
	}
	go use(slow)
	<-building
	go use(func(context.Context, string) (any, error) { return nil, errors.New("built twice") })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Get(ctx, "a", slow); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a cancelled wait: %v", err)
	}
	close(wait)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if times != 1 {
		t.Errorf("built %d times", times)
	}
}

func TestZerosBecomeHoles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory")
	b := make([]byte, 64*artifact.Block)
	b[0], b[10*artifact.Block+5], b[63*artifact.Block] = 1, 2, 3
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	sum := func() (string, error) {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		return checksum(f)
	}
	before, err := sum()
	if err != nil {
		t.Fatal(err)
	}
	if err := punchZeros(path); err != nil {
		t.Fatal(err)
	}
	after, err := sum()
	if err != nil || after != before {
		t.Errorf("%v became %v, %v", before, after, err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != string(b) {
		t.Errorf("the content changed: %v", err)
	}
	if n := artifact.Allocated(filepath.Dir(path)); n > 8*artifact.Block {
		t.Errorf("3 blocks of data take %d bytes", n)
	}
}

func TestRemoveUnused(t *testing.T) {
	s := store(t, 1<<30)
	times := 0
	get(t, s, "held", writer("abc", &times)) // until the test ends
	for _, key := range []string{"old", "young"} {
		get(t, s, key, writer("abc", &times)).Release()
	}
	past := time.Now().Add(-time.Hour)
	for _, key := range []string{"held", "old"} {
		if err := os.Chtimes(filepath.Join(s.entries.Dir, key, artifact.ManifestFile), past, past); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.RemoveUnused(time.Now().Add(-time.Minute)); n != 1 {
		t.Errorf("removed %d, want 1", n)
	}
	for key, want := range map[string]bool{"held": true, "old": false, "young": true} {
		if _, err := os.Stat(filepath.Join(s.entries.Dir, key)); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", key, err == nil, want)
		}
	}
}
