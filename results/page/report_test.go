package page

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"splicelab/results"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// artefacts is where pictures and pages are kept for people to look at.
func artefacts(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("SPLICELAB_ARTEFACTS")
	if dir == "" {
		return t.TempDir()
	}
	must(t, os.MkdirAll(dir, 0o755))
	return dir
}

func writeFile(t testing.TB, name string, r results.Run, cells []results.Cell, l Lookup) string {
	t.Helper()
	var b bytes.Buffer
	must(t, WriteReport(&b, r, []string{"baseline"}, cells, l))
	path, err := filepath.Abs(filepath.Join(artefacts(t), name))
	must(t, err)
	must(t, os.WriteFile(path, b.Bytes(), 0o644))
	return path
}

func TestWriteFiles(t *testing.T) {
	r, cells, l := sample()
	writeFile(t, "sample.html", r, cells, l)
	r, cells = large(50, 10, 200)
	writeFile(t, "wide.html", r, cells, Lookup{})
	r, cells = large(5, 4, 5000)
	writeFile(t, "tall.html", r, cells, Lookup{})
}
