package report

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckTrust(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"vmlinuz", "sub/vmlinuz"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "r.yaml")
	for _, c := range []struct {
		line string // in place of the kernel's
		want string
	}{
		{"kernel: 6.12.117", ""},
		{"kernel: build:mine", ""}, // of the user's configuration
		{"kernel: file:" + dir + "/vmlinuz", ""},
		{"kernel: file:" + dir + "/sub/vmlinuz", ""},
		{"kernel: 6.12.117\nmkfs: [mkfs.xfs, -f]\nmount_options: noatime", ""},
		{"kernel: file:/boot/vmlinuz", `boots the file "/boot/vmlinuz"`},
		{"kernel: file:" + dir + "/link", "boots the file"},
		{"kernel: file:" + dir + "/sub/../../other", "boots the file"},
		{"kernel: file:" + dir + "/vmlinuz?config=%2Fetc%2Fpasswd", `boots the file "/etc/passwd"`},
		{"kernel: 6.12.117\ntests_from: [./x.c]", "compiles or runs"},
		{"kernel: 6.12.117\ntests_from: [example.org/x]", `compiles or runs "example.org/x"`},
		{"source: {tree: ./linux, ref: v6.12, patches: [./a.patch]}", "builds a kernel from"},
	} {
		content := strings.Replace(whole, "kernel: 6.12.117", c.line, 1)
		r, err := Parse(file, []byte(content))
		if err != nil {
			t.Fatalf("%s: %v", c.line, err)
		}
		err = r.CheckTrust(file)
		var untrusted *UntrustedError
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.line, err)
		case c.want != "" && (!errors.As(err, &untrusted) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.line, err, c.want)
		}
	}
}
