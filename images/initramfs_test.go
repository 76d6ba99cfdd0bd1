package images

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/u-root/u-root/pkg/cpio"

	"github.com/splicelab/splicelab/internal/artifact"
	"github.com/splicelab/splicelab/kernels"
)

func write(t testing.TB, path, content string, mode os.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// testSpec creates the inputs in dir, so that two of them differ only in
// location and mtime.
func testSpec(t testing.TB, k kernels.Kernel, dir string) Spec {
	t.Helper()
	write(t, dir+"/testdata/sub/x", "x", 0o600)
	if err := os.Symlink("sub/x", dir+"/testdata/link"); err != nil {
		t.Fatal(err)
	}
	return Spec{
		Kernel: k,
		Agent:  write(t, dir+"/agent", "agent", 0o700),
		Files: map[string]string{
			"/suite.test": write(t, dir+"/suite", "suite", 0o755),
			"/files/data": dir + "/testdata",
		},
		Modules:  []string{"a"},
		Commands: write(t, dir+"/bb", "bb", 0o755),
	}
}

func TestInitramfs(t *testing.T) {
	k := synthetic(t, map[string]string{"kernel/fs/a.ko.xz": "depends=b", "kernel/fs/b.ko": "depends="})
	b := Builder{Dir: t.TempDir()}
	image, err := b.Initramfs(context.Background(), testSpec(t, k, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/modules/b.ko", "/modules/a.ko"}, image.Load); diff != "" {
		t.Errorf("load order (-want +got):\n%s", diff)
	}
	content, err := os.ReadFile(image.Path)
	if err != nil {
		t.Fatal(err)
	}
	records, err := cpio.ReadAllRecords(cpio.Newc.Reader(bytes.NewReader(content)))
	if err != nil {
		t.Fatal(err)
	}
	archive := cpio.ArchiveFromRecords(records)
	for name, want := range map[string]struct {
		mode    uint64
		content string
	}{
		"init":             {cpio.S_IFREG | 0o755, "agent"},
		"suite.test":       {cpio.S_IFREG | 0o755, "suite"},
		"files":            {cpio.S_IFDIR | 0o755, ""},
		"files/data/sub/x": {cpio.S_IFREG | 0o644, "x"},
		"files/data/link":  {cpio.S_IFLNK | 0o777, "sub/x"},
		"dev/console":      {cpio.S_IFCHR | 0o600, ""},
		"dev/null":         {cpio.S_IFCHR | 0o666, ""},
		"proc":             {cpio.S_IFDIR | 0o755, ""},
		"modules/a.ko":     {cpio.S_IFREG | 0o644, string(elfModule(t, "depends=b"))},
		"bbin/bb":          {cpio.S_IFREG | 0o755, "bb"},
		"bbin/ls":          {cpio.S_IFLNK | 0o777, "bb"},
		"bin/sh":           {cpio.S_IFLNK | 0o777, Shell},
	} {
		r, ok := archive.Get(name)
		if !ok {
			t.Errorf("%s is not in the archive", name)
			continue
		}
		got, err := io.ReadAll(io.NewSectionReader(r, 0, int64(r.FileSize)))
		if err != nil || r.Mode != want.mode || string(got) != want.content {
			t.Errorf("%s: mode %o content %q (%v), want %o %q", name, r.Mode, got, err, want.mode, want.content)
		}
	}
	seen := make(map[string]bool)
	for _, r := range records {
		if r.MTime != 0 || r.UID != 0 || r.GID != 0 {
			t.Errorf("%s has time or owner: %v", r.Name, r.Info)
		}
		if dir := filepath.Dir(r.Name); dir != "." && !seen[dir] {
			t.Errorf("%s comes before its directory", r.Name)
		}
		seen[r.Name] = true
	}
}

func TestInitramfsIsReproducible(t *testing.T) {
	k := synthetic(t, map[string]string{"kernel/fs/a.ko": "depends="})
	dirs := []string{t.TempDir(), t.TempDir()}
	var images []Initramfs
	for _, dir := range dirs {
		s := testSpec(t, k, dir)
		if dir == dirs[1] {
			old := time.Unix(1e9, 0)
			for _, f := range []string{"agent", "suite", "testdata", "testdata/sub/x"} {
				if err := os.Chtimes(filepath.Join(dir, f), old, old); err != nil {
					t.Fatal(err)
				}
			}
		}
		i, err := (Builder{Dir: t.TempDir()}).Initramfs(context.Background(), s)
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, i)
	}
	if images[0].Digest != images[1].Digest || filepath.Base(images[0].Path) != filepath.Base(images[1].Path) {
		t.Errorf("the same inputs gave %+v and %+v", images[0], images[1])
	}
	s := testSpec(t, k, t.TempDir())
	write(t, s.Agent, "another", 0o755)
	i, err := (Builder{Dir: t.TempDir()}).Initramfs(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	if i.Digest == images[0].Digest || filepath.Base(i.Path) == filepath.Base(images[0].Path) {
		t.Error("another agent gave the same image")
	}
}

func TestCorruptImageIsRebuilt(t *testing.T) {
	k := synthetic(t, map[string]string{"kernel/fs/a.ko": "depends="})
	b := Builder{Dir: t.TempDir()}
	s := testSpec(t, k, t.TempDir())
	first, err := b.Initramfs(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(first.Path)
	manifest := filepath.Join(dir, artifact.ManifestFile)
	for name, damage := range map[string]func() error{
		"truncated":      func() error { return os.Truncate(first.Path, 100) },
		"gone":           func() error { return os.Remove(first.Path) },
		"manifest gone":  func() error { return os.Remove(manifest) },
		"manifest empty": func() error { return os.Truncate(manifest, 0) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		again, err := b.Initramfs(context.Background(), s)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, again); diff != "" {
			t.Errorf("%s (-first +again):\n%s", name, diff)
		}
		if _, err := artifact.Verify(filepath.Base(dir), dir, fileDigest); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestInitramfsConcurrently(t *testing.T) {
	k := synthetic(t, map[string]string{"kernel/fs/a.ko": "depends="})
	b := Builder{Dir: t.TempDir()}
	s := testSpec(t, k, t.TempDir())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := b.Initramfs(context.Background(), s); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	left, err := filepath.Glob(b.Dir + "/*/*.part")
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files left behind: %q %v", left, err)
	}
}

func TestInitramfsErrors(t *testing.T) {
	k := synthetic(t, map[string]string{"modules.builtin": ""})
	agent := write(t, t.TempDir()+"/agent", "agent", 0o755)
	for name, c := range map[string]struct {
		spec Spec
		want string
	}{
		"relative":  {Spec{Kernel: k, Agent: agent, Files: map[string]string{"x": agent}}, "absolute"},
		"unclean":   {Spec{Kernel: k, Agent: agent, Files: map[string]string{"/../x": agent}}, "absolute"},
		"own":       {Spec{Kernel: k, Agent: agent, Files: map[string]string{"/init": agent}}, "reserved for the agent"},
		"no file":   {Spec{Kernel: k, Agent: agent, Files: map[string]string{"/x": "/nonexistent"}}, "/nonexistent"},
		"no agent":  {Spec{Kernel: k, Agent: "/nonexistent"}, "/nonexistent"},
		"no digest": {Spec{Agent: agent}, "digest"},
		"no module": {Spec{Kernel: k, Agent: agent, Modules: []string{"xfs"}}, "no module xfs"},
	} {
		b := Builder{Dir: t.TempDir()}
		_, err := b.Initramfs(context.Background(), c.spec)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
		if left, _ := filepath.Glob(b.Dir + "/*/*/*.cpio"); len(left) > 0 {
			t.Errorf("%s: left %q", name, left)
		}
	}
}
