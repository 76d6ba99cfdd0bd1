package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestResolveModule: a name or alias in any spelling resolves to the files to load
// in order, a built-in module to none; an unknown one is an error.
func TestResolveModule(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"modules.dep":     "c.ko:\nb.ko: c.ko\nmy_fs.ko: b.ko c.ko\n",
		"modules.alias":   "alias fs-my my_fs\nalias net-pf-16-proto-* c\nalias of:N*T*C[a-z]* b\nalias gone-* nowhere\n",
		"modules.builtin": "loop.ko\nbuilt_in.ko\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name    string
		want    []string // in load order
		missing bool
	}{
		{name: "c", want: []string{"c.ko"}},
		{name: "my_fs", want: []string{"c.ko", "b.ko", "my_fs.ko"}},
		{name: "my-fs", want: []string{"c.ko", "b.ko", "my_fs.ko"}},
		{name: "my_fs.ko", want: []string{"c.ko", "b.ko", "my_fs.ko"}},
		{name: "fs-my", want: []string{"c.ko", "b.ko", "my_fs.ko"}},
		{name: "net-pf-16-proto-21", want: []string{"c.ko"}},
		{name: "net-pf-16", missing: true},
		{name: "loop"},
		{name: "built-in"},
		{name: "none", missing: true},
		{name: "gone-1", missing: true}, // an alias of something that is in no index
		{name: "", missing: true},
	} {
		var want []string
		for _, file := range c.want {
			want = append(want, filepath.Join(dir, file))
		}
		got, err := resolveModule(dir, c.name)
		if errors.Is(err, errNoModule) != c.missing || (err != nil) != c.missing {
			t.Errorf("%q: error %v, want missing = %v", c.name, err, c.missing)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.name, diff)
		}
	}
	if _, err := resolveModule(t.TempDir(), "c"); err == nil || errors.Is(err, errNoModule) {
		t.Errorf("without lists: error %v, want that of the file", err)
	}
}
