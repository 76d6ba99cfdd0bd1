package resultstest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Update is the flag -update: accept what the program prints as the expected
// text.
var Update = flag.Bool("update", false, "accept what is printed now as the expected text")

// Golden compares the output of write with testdata/name.
func Golden(t *testing.T, name string, write func(*bytes.Buffer) error) {
	t.Helper()
	b := new(bytes.Buffer)
	Must(t, write(b))
	path := filepath.Join("testdata", name)
	if *Update {
		Must(t, os.MkdirAll("testdata", 0o755))
		Must(t, os.WriteFile(path, b.Bytes(), 0o644))
	}
	want, err := os.ReadFile(path)
	Must(t, err)
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("%s differs; look at it and accept it with -update:\n%s", path, d)
	}
}
