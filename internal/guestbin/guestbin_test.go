package guestbin

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sync/errgroup"
)

// pack makes two programs and packs them; it returns both directories.
func pack(t *testing.T) (programs, archives string) {
	t.Helper()
	programs, archives = t.TempDir(), t.TempDir()
	write(t, filepath.Join(programs, "agent"), bytes.Repeat([]byte("agent\n"), 100_000))
	write(t, filepath.Join(programs, "demo.test"), []byte("#!/bin/sh\nexit 7\n"))
	// Files that are not executable are not packed.
	if err := os.WriteFile(filepath.Join(programs, "notes"), []byte("no program"), 0o644); err != nil {
		t.Fatal(err)
	}
	changed, err := Pack(programs, archives)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"agent", "demo.test"}; !slices.Equal(changed, want) {
		t.Fatalf("packed %q, want %q", changed, want)
	}
	return programs, archives
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o755); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, archives string) *Set {
	t.Helper()
	set, err := Open(os.DirFS(archives))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func same(t *testing.T, a, b string) {
	t.Helper()
	left, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	right, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(left, right) {
		t.Errorf("%s and %s differ", a, b)
	}
}

func TestExtract(t *testing.T) {
	programs, archives := pack(t)
	cache := filepath.Join(t.TempDir(), "new")
	dir, err := open(t, archives).Extract(cache)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"agent", "demo.test"} {
		same(t, filepath.Join(programs, name), filepath.Join(dir, name))
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("%s is not executable: %v, %v", name, info.Mode(), err)
		}
	}
	before, err := os.Stat(filepath.Join(dir, "agent"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := open(t, archives).Extract(cache)
	if err != nil || again != dir {
		t.Fatalf("the second time: %q, %v, want %q", again, err, dir)
	}
	if after, err := os.Stat(filepath.Join(dir, "agent")); err != nil || !os.SameFile(before, after) {
		t.Errorf("an intact set was extracted again (%v)", err)
	}
}

// Whatever happened to the cache, the extracted programs match the manifest.
func TestExtractReplacesCorruptPrograms(t *testing.T) {
	programs, archives := pack(t)
	set := open(t, archives)
	for name, corrupt := range map[string]func(dir string) error{
		"one byte": func(dir string) error {
			f, err := os.OpenFile(filepath.Join(dir, "agent"), os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt([]byte("X"), 1000)
			return errors.Join(err, f.Close())
		},
		"truncated": func(dir string) error { return os.Truncate(filepath.Join(dir, "demo.test"), 3) },
		"missing":   func(dir string) error { return os.Remove(filepath.Join(dir, "agent")) },
		"a file in the set's place": func(dir string) error {
			return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o644))
		},
	} {
		t.Run(name, func(t *testing.T) {
			cache := t.TempDir()
			dir, err := set.Extract(cache)
			if err != nil {
				t.Fatal(err)
			}
			if err := corrupt(dir); err != nil {
				t.Fatal(err)
			}
			if dir, err = set.Extract(cache); err != nil {
				t.Fatal(err)
			}
			same(t, filepath.Join(programs, "agent"), filepath.Join(dir, "agent"))
			same(t, filepath.Join(programs, "demo.test"), filepath.Join(dir, "demo.test"))
			left, err := os.ReadDir(filepath.Join(cache, cachePart))
			if err != nil || len(left) != 1 {
				t.Errorf("leftovers beside the set: %v, %v", left, err)
			}
		})
	}
}

func TestExtractRefusesCorruptArchives(t *testing.T) {
	_, archives := pack(t)
	write(t, filepath.Join(archives, "demo.test.zst"), []byte("\x28\xb5\x2f\xfdno"))
	cache := t.TempDir()
	if dir, err := open(t, archives).Extract(cache); err == nil {
		t.Errorf("a corrupt archive gave %s", dir)
	}
	left, err := os.ReadDir(filepath.Join(cache, cachePart))
	if err != nil || len(left) != 0 {
		t.Errorf("a failed extraction left %v, %v", left, err)
	}
}

func TestConcurrentExtract(t *testing.T) {
	programs, archives := pack(t)
	cache := t.TempDir()
	var g errgroup.Group
	for range 16 {
		g.Go(func() error {
			set, err := Open(os.DirFS(archives)) // as a separate process would
			if err != nil {
				return err
			}
			dir, err := set.Extract(cache)
			if err != nil {
				return err
			}
			return verify(dir, set.programs)
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Join(cache, cachePart))
	if err != nil || len(left) != 1 {
		t.Fatalf("left in the cache: %v, %v, want one set", left, err)
	}
	same(t, filepath.Join(programs, "agent"), filepath.Join(cache, cachePart, left[0].Name(), "agent"))
}

func TestPackIsIncrementalAndReproducible(t *testing.T) {
	programs, archives := pack(t)
	if changed, err := Pack(programs, archives); err != nil || len(changed) > 0 {
		t.Errorf("packing again changed %q, %v", changed, err)
	}
	other := t.TempDir()
	if _, err := Pack(programs, other); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{manifestFile, "agent.zst", "demo.test.zst"} {
		same(t, filepath.Join(archives, name), filepath.Join(other, name))
	}
	write(t, filepath.Join(programs, "agent"), []byte("changed"))
	if err := os.Remove(filepath.Join(programs, "demo.test")); err != nil {
		t.Fatal(err)
	}
	changed, err := Pack(programs, archives)
	if err != nil || !slices.Equal(changed, []string{"agent"}) {
		t.Errorf("after a change: packed %q, %v, want agent", changed, err)
	}
	if _, err := os.Stat(filepath.Join(archives, "demo.test.zst")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the archive of a removed program: %v", err)
	}
}

func TestOpen(t *testing.T) {
	if _, err := Open(fstest.MapFS{"README.md": {}}); !errors.Is(err, ErrNone) {
		t.Errorf("no manifest: %v, want ErrNone", err)
	}
	for _, manifest := range []string{"", "{", `[{"name": "../agent"}]`, `[{"name": ""}]`} {
		if _, err := Open(fstest.MapFS{manifestFile: {Data: []byte(manifest)}}); err == nil || errors.Is(err, ErrNone) {
			t.Errorf("manifest %q: %v, want another error", manifest, err)
		}
	}
}

func TestPruneKeepsWhatIsUsed(t *testing.T) {
	sets := t.TempDir()
	now := time.Now()
	for name, age := range map[string]time.Duration{
		"recent": time.Hour, "old": keepUnused + time.Hour, tmpPrefix + "live": time.Minute, tmpPrefix + "dead": 2 * keepTemporary,
	} {
		dir := filepath.Join(sets, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	prune(sets, now)
	var left []string
	entries, err := os.ReadDir(sets)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{tmpPrefix + "live", "recent"}; !slices.Equal(left, want) {
		t.Errorf("left %q, want %q", left, want)
	}
}

// What go generate embedded is complete. In a bare checkout nothing is
// embedded.
func TestEmbedded(t *testing.T) {
	set, err := Embedded(runtime.GOARCH)
	if errors.Is(err, ErrNone) {
		t.Skip("nothing is embedded: run go generate, or make build")
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set.Extract(t.TempDir()); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkExtract(b *testing.B) {
	set, err := Embedded(runtime.GOARCH)
	if err != nil {
		b.Skip(err)
	}
	for b.Loop() {
		if _, err := set.Extract(b.TempDir()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	set, err := Embedded(runtime.GOARCH)
	if err != nil {
		b.Skip(err)
	}
	cache := b.TempDir()
	for b.Loop() {
		if _, err := set.Extract(cache); err != nil {
			b.Fatal(err)
		}
	}
}
