package kernels

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/splicelab/splicelab/kernels/kerneltest"
)

func openStore(t *testing.T) *Store {
	t.Helper()
	s, err := OpenStore(filepath.Join(t.TempDir(), "kernels"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const moduleFile = "kernel/fs/xfs/xfs.ko"

// fillTest fills an entry with a small kernel with one module.
func fillTest(_ context.Context, dir string) (Facts, error) {
	image := kerneltest.BzImage(testRelease, kerneltest.Gzip(kerneltest.Vmlinux(testRelease, true)))
	module := filepath.Join(dir, ModulesDir, filepath.FromSlash(moduleFile))
	err := errors.Join(
		os.WriteFile(filepath.Join(dir, BootFile), image, 0o644),
		os.WriteFile(filepath.Join(dir, ConfigFile), []byte("CONFIG_PVH=y\n"), 0o644),
		os.MkdirAll(filepath.Dir(module), 0o755),
		os.WriteFile(module, []byte("a module"), 0o644),
	)
	return Facts{Release: testRelease, Version: version(testRelease), Flavour: "test", Origin: "test"}, err
}

func put(t *testing.T, s *Store, key string) Kernel {
	t.Helper()
	k, err := s.Put(t.Context(), key, fillTest)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestPut(t *testing.T) {
	s := openStore(t)
	if s.Has("key") {
		t.Error("an empty store has an entry")
	}
	k := put(t, s, "key")
	if k.Release != testRelease || k.Version != version("6.99.1") || !k.PVH || k.Flavour != "test" || len(k.Digest) != sumLen {
		t.Errorf("put %+v", k)
	}
	if k.BootImage() != k.Vmlinux {
		t.Errorf("boots %s", k.BootImage())
	}
	for _, path := range []string{k.Vmlinux, k.BzImage, k.Config, k.Modules} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	again, ok, err := s.Get(t.Context(), "key")
	if err != nil || !ok || again != k || !s.Has("key") {
		t.Errorf("got %+v, %v, %v", again, ok, err)
	}
	other := put(t, s, "other")
	if other.Digest != k.Digest {
		t.Error("the same content has two digests")
	}
	if err := s.Remove(t.Context(), "key"); err != nil || s.Has("key") {
		t.Errorf("after removing: %v", err)
	}
	if _, ok, err := s.Get(t.Context(), "key"); ok || err != nil {
		t.Errorf("got a removed entry: %v", err)
	}
}

func TestPutLeavesNothingBehind(t *testing.T) {
	s := openStore(t)
	broken := errors.New("broken")
	for name, fill := range map[string]func(context.Context, string) (Facts, error){
		"error": func(ctx context.Context, dir string) (Facts, error) {
			facts, err := fillTest(ctx, dir)
			return facts, errors.Join(err, broken)
		},
		"no image": func(context.Context, string) (Facts, error) { return Facts{Release: testRelease}, nil },
		"another release": func(ctx context.Context, dir string) (Facts, error) {
			facts, err := fillTest(ctx, dir)
			facts.Release = "6.99.2"
			return facts, err
		},
	} {
		if k, err := s.Put(t.Context(), "key", fill); err == nil {
			t.Errorf("%s: put %+v", name, k)
		}
		left, err := os.ReadDir(filepath.Join(s.Dir(), entriesDir))
		if err != nil || len(left) != 0 {
			t.Errorf("%s: left %v, %v", name, left, err)
		}
	}
	if _, err := s.Put(t.Context(), "../key", fillTest); err == nil {
		t.Error("a key may point outside the store")
	}
}

func TestCorruptEntryIsRefetched(t *testing.T) {
	damage := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, name)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text[len(text)/2] ^= 1
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	cases := map[string]func(t *testing.T, dir string){
		"no image": func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, BzImageFile)); err != nil {
				t.Fatal(err)
			}
		},
		"no modules": func(t *testing.T, dir string) {
			if err := os.RemoveAll(filepath.Join(dir, ModulesDir)); err != nil {
				t.Fatal(err)
			}
		},
		"empty manifest": func(t *testing.T, dir string) {
			if err := os.Truncate(filepath.Join(dir, manifestFile), 0); err != nil {
				t.Fatal(err)
			}
		},
	}
	for _, name := range []string{VmlinuxFile, BzImageFile, ConfigFile, sumsFile} {
		cases[name] = damage(name)
	}
	for name, harm := range cases {
		t.Run(name, func(t *testing.T) {
			s := openStore(t)
			k := put(t, s, "key")
			harm(t, s.entry("key"))
			if got, ok, err := s.Get(t.Context(), "key"); ok || err != nil {
				t.Fatalf("got %+v, %v", got, err)
			}
			if s.Has("key") {
				t.Error("the corrupt entry is still there")
			}
			if again := put(t, s, "key"); again != k {
				t.Errorf("put %+v again, was %+v", again, k)
			}
		})
	}
}

func TestReadFile(t *testing.T) {
	s := openStore(t)
	k := put(t, s, "key")
	data, err := ReadFile(k, moduleFile)
	if err != nil || string(data) != "a module" {
		t.Fatalf("read %q, %v", data, err)
	}
	for _, name := range []string{"kernel/fs/ext4/ext4.ko", "../config", "fs/xfs/xfs.ko", "", "kernel/fs"} {
		if data, err := ReadFile(k, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: read %q, %v", name, data, err)
		}
	}
	if err := os.WriteFile(filepath.Join(k.Modules, moduleFile), []byte("b module"), 0o644); err != nil {
		t.Fatal(err)
	}
	var corrupt *CorruptError
	if data, err := ReadFile(k, moduleFile); !errors.As(err, &corrupt) || data != nil {
		t.Fatalf("read %q of a corrupt module, %v", data, err)
	}
	if _, ok, err := s.Get(t.Context(), "key"); ok || err != nil {
		t.Errorf("the entry is still used: %v", err)
	}
	put(t, s, "key")
	if data, err := ReadFile(k, moduleFile); err != nil || string(data) != "a module" {
		t.Errorf("after fetching again: %q, %v", data, err)
	}
}

// A user's module directory has no digests.
func TestReadFileOutsideTheStore(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "kernel"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "kernel/a.ko"), []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	k := Kernel{Modules: dir}
	if data, err := ReadFile(k, "kernel/a.ko"); err != nil || string(data) != "a" {
		t.Errorf("read %q, %v", data, err)
	}
	if _, err := ReadFile(k, "kernel/b.ko"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if data, err := ReadFile(k, "../../etc/passwd"); err == nil {
		t.Errorf("read %d bytes outside the directory", len(data))
	}
	if _, err := ReadFile(Kernel{}, "kernel/a.ko"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no modules at all: %v", err)
	}
}

func TestSumsLookup(t *testing.T) {
	a, b := strings.Repeat("a", sumLen), strings.Repeat("b", sumLen)
	list := sums(a + "  modules/kernel/x  y\n" + b + "  y\n")
	if got, ok := list.lookup("y"); !ok || got != b {
		t.Errorf("y is %q, %v", got, ok)
	}
	if got, ok := list.lookup("kernel/x  y"); ok {
		t.Errorf("half a path is %q", got)
	}
}

// Several processes that want the same kernel fetch it once; so do goroutines
// with separate stores.
func TestPutOnce(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	filled := 0
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			s, err := OpenStore(dir)
			if err != nil {
				t.Error(err)
				return
			}
			_, err = s.Put(t.Context(), "key", func(ctx context.Context, dir string) (Facts, error) {
				mu.Lock()
				filled++
				mu.Unlock()
				return fillTest(ctx, dir)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if filled != 1 {
		t.Errorf("filled %d times", filled)
	}
}

func TestLockStopsWithContext(t *testing.T) {
	s := openStore(t)
	unlock, err := s.Lock(t.Context(), "key")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Lock(ctx, "key"); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for a lock: %v", err)
	}
	unlock()
	again, err := s.Lock(t.Context(), "key")
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestUnwritableStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := OpenStore(filepath.Join(file, "kernels"))
	if !errors.As(err, new(*fs.PathError)) || !strings.Contains(err.Error(), file) {
		t.Errorf("store below a file: %v", err)
	}
}
