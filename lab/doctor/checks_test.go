package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made")
	f := checkDirectory("cache", dir, "cache")
	if !strings.HasPrefix(f.Text, dir+", ") || !strings.HasSuffix(f.Text, " free") {
		t.Errorf("a directory that can be written: %+v", f)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("the check left %v, %v", left, err)
	}

	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	f = checkDirectory("results", filepath.Join(file, "below"), "state")
	if f.Health != Fail || f.Option != "state" || f.Remedy == "" {
		t.Errorf("a directory below a file: %+v", f)
	}
}
