package kernels

import (
	"os"
	"path/filepath"
	"testing"
)

// A kernel is found by digest even if no source lists it.
func TestWithDigest(t *testing.T) {
	s := openStore(t)
	want := put(t, s, "one")
	if err := os.Mkdir(s.entry("corrupt"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.entry("corrupt"), manifestFile), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, ok, err := s.WithDigest(t.Context(), want.Digest)
	if err != nil || !ok || got != want {
		t.Errorf("got %+v, %t, %v; want %+v", got, ok, err, want)
	}
	for _, digest := range []string{"", "0123"} {
		if k, ok, err := s.WithDigest(t.Context(), digest); ok || err != nil {
			t.Errorf("digest %q: got %+v, %t, %v; want none", digest, k, ok, err)
		}
	}
	e := Kept{want}.Entry()
	fetched, err := e.Source.Fetch(t.Context(), e, nil)
	if err != nil || fetched != want || !e.Cached || e.Release != want.Release {
		t.Errorf("as a source it gives %+v as %+v, %v", e, fetched, err)
	}

	// A corrupt one is removed and not returned.
	if err := os.WriteFile(want.BootImage(), []byte("torn"), 0o644); err != nil {
		t.Fatal(err)
	}
	if k, ok, err := s.WithDigest(t.Context(), want.Digest); ok || err != nil {
		t.Errorf("a corrupt kernel was returned: %+v, %v", k, err)
	}
}
