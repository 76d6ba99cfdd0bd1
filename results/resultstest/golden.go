package resultstest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "accept what the reports look like now")

// Golden compares the output of write with testdata/name.
func Golden(t *testing.T, name string, write func(*bytes.Buffer) error) {
	t.Helper()
	b := new(bytes.Buffer)
	Must(t, write(b))
	path := filepath.Join("testdata", name)
	if *update {
		Must(t, os.MkdirAll("testdata", 0o755))
		Must(t, os.WriteFile(path, b.Bytes(), 0o644))
	}
	want, err := os.ReadFile(path)
	Must(t, err)
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("%s differs; look at it and accept it with -update:\n%s", path, d)
	}
}
