package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// splicelabBinary is the splicelab that the tests run as a process: the one that
// SPLICELAB_BINARY names, or this test binary. `make test` names the one that
// it has built: it is what users run, and a race detector in each of some
// thousand short processes finds nothing and takes most of their time.
func splicelabBinary(t testing.TB) string {
	t.Helper()
	path := os.Getenv("SPLICELAB_BINARY")
	if path == "" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		return self
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("SPLICELAB_BINARY: %v", err)
	}
	return path
}

// testCache is the cache of the tests that do not look into theirs, or "".
// Making a kernel's template again takes as long as some thirty cells.
var testCache string

// withTestCache runs the tests with a testCache.
type withTestCache struct{ tests testscript.TestingM }

func (m withTestCache) Run() int {
	dir, err := os.MkdirTemp("", "splicelab-cmd-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	testCache = dir
	code := m.tests.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// linkCache is a path below dir to testCache, so that the command lines of the
// processes that use it name dir.
func linkCache(t testing.TB, dir string) string {
	t.Helper()
	link := filepath.Join(dir, "cache")
	if err := os.Symlink(testCache, link); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
	return link
}
