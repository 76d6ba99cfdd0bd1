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
		return t.ArtifactDir()
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
