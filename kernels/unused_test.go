package kernels

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestRemoveUnused(t *testing.T) {
	s := openStore(t)
	for _, key := range []string{"old", "used"} {
		put(t, s, key)
		long := time.Now().AddDate(0, 0, -40)
		if err := os.Chtimes(filepath.Join(s.entry(key), manifestFile), long, long); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok, err := s.Get(t.Context(), "used"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	removed, err := s.RemoveUnused(t.Context(), time.Now().AddDate(0, 0, -30))
	if err != nil || !slices.Equal(removed, []string{testRelease}) {
		t.Errorf("removed %q, %v; want %s", removed, err, testRelease)
	}
	if s.Has("old") || !s.Has("used") {
		t.Errorf("old is there %t, used %t", s.Has("old"), s.Has("used"))
	}
	// The store is intact, and the kernel can be fetched again.
	if k, ok, err := s.Get(t.Context(), "used"); !ok || err != nil || k.Release != testRelease {
		t.Errorf("%+v, %t, %v", k, ok, err)
	}
}

func TestCheckSelectors(t *testing.T) {
	for _, good := range []string{"6.12", "6.12.95", "6.1.0-56", "6.12.43..6.12.117", "..6.0", "newest:5", "all", "file:/boot/vmlinuz", "build:mine", "5.10, 6.1"} {
		if err := CheckSelectors(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "6.12,", "latest", "newest:0", "newest:x", "6.12..6.1", "..", "file:", "file:/x?module=y"} {
		var selector *SelectorError
		if err := CheckSelectors(bad); !errors.As(err, &selector) {
			t.Errorf("%q: %v, want a SelectorError", bad, err)
		}
	}
}
