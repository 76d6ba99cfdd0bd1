package images

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDisk(t *testing.T) {
	profiles, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	b := Builder{Dir: t.TempDir()}
	for _, p := range profiles {
		t.Run(p.Name, func(t *testing.T) {
			d, err := b.Disk(context.Background(), p)
			var missing *MissingToolError
			if errors.As(err, &missing) {
				t.Skip(missing)
			}
			if err != nil {
				t.Fatal(err)
			}
			if !p.HasDisk() {
				if d != (Disk{}) {
					t.Errorf("%+v for a profile without a disk", d)
				}
				return
			}
			st, err := os.Stat(d.Path)
			if err != nil {
				t.Fatal(err)
			}
			size := int64(cmp.Or(p.SizeMiB, defaultSizeMiB)) << 20
			if st.Size() != size || st.Mode().Perm() != 0o444 {
				t.Errorf("size %d mode %v", st.Size(), st.Mode())
			}
			if !strings.ContainsAny(d.Mkfs, "0123456789") {
				t.Errorf("no version in %q", d.Mkfs)
			}
			again, err := b.Disk(context.Background(), p)
			if err != nil || again != d {
				t.Errorf("from the cache %+v (%v), want %+v", again, err, d)
			}
			// One byte in the middle of the data.
			if err := os.Chmod(d.Path, 0o644); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(d.Path, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteAt([]byte{0x5a}, size*3/5); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Disk(context.Background(), p); err != nil {
				t.Fatal(err)
			}
			f, err = os.Open(d.Path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			got := make([]byte, 1)
			if _, err := f.ReadAt(got, size*3/5); err != nil || got[0] == 0x5a {
				t.Errorf("the corrupt image was returned (%v)", err)
			}
		})
	}
}

func TestDiskErrors(t *testing.T) {
	b := Builder{Dir: t.TempDir()}
	_, err := b.Disk(context.Background(), Profile{Name: "x", Type: "x", Mkfs: []string{"mkfs.nonexistent"}})
	var missing *MissingToolError
	if !errors.As(err, &missing) || missing.Tool != "mkfs.nonexistent" {
		t.Errorf("error %v", err)
	}
	b.Tools = Tools{t.TempDir()}
	_, err = b.Disk(t.Context(), Profile{Name: "x", Type: "f2fs", Mkfs: []string{"mkfs.f2fs"}})
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "install f2fs-tools") {
		t.Errorf("error %v does not name the package", err)
	}
	for script, want := range map[string]string{
		"echo it said why >&2; exit 3":            `exit status 3: "it said why"`,
		"exit 0":                                  "made no filesystem",
		"read x </etc/passwd":                     "Permission denied",
		"echo x >${1%/*}/other":                   "Permission denied",
		"kill -9 $$":                              "signal: killed",
		"while printf %1048576s; do :; done >>$1": "file size limit exceeded",
	} {
		b.Tools = Tools{t.TempDir()}
		write(t, b.Tools[0]+"/mkfs.ext4", "#!/bin/sh\n"+script+"\n", 0o755)
		_, err = b.Disk(t.Context(), Profile{Name: "x", Type: "ext4", Mkfs: []string{"mkfs.ext4"}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", script, err, want)
		}
	}
	if left, _ := filepath.Glob(b.Dir + "/*/*.part"); len(left) > 0 {
		t.Errorf("left %q", left)
	}
}

func TestSparseDigestIgnoresAllocation(t *testing.T) {
	digest := func(write func(*os.File)) string {
		f, err := os.Create(t.TempDir() + "/f")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := f.Truncate(3 << 20); err != nil {
			t.Fatal(err)
		}
		write(f)
		d, err := sparseDigest(f)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	at := func(off int64, b []byte) func(*os.File) {
		return func(f *os.File) {
			if _, err := f.WriteAt(b, off); err != nil {
				t.Fatal(err)
			}
		}
	}
	data := []byte("data")
	hole := digest(func(*os.File) {})
	if got := digest(at(1<<20, make([]byte, 1<<20))); got != hole {
		t.Error("written zeros and a hole differ")
	}
	seen := map[string]string{hole: "hole"}
	for name, write := range map[string]func(*os.File){
		"begin":  at(0, data),
		"middle": at(1<<20, data),
		"moved":  at(1<<20+4096, data),
		"end":    at(3<<20-4, data),
		"size":   func(f *os.File) { _ = f.Truncate(2 << 20) },
	} {
		d := digest(write)
		if other, ok := seen[d]; ok {
			t.Errorf("%s and %s have the same digest", name, other)
		}
		seen[d] = name
	}
}
