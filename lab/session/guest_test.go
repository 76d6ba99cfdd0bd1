package session

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/guestbin"
)

// A guest directory has the host's programs, and other architectures' below their
// names.
func TestGuestProgramsOfArchitectures(t *testing.T) {
	s := Settings{Programs: &Programs{}}
	s.GuestDir, s.Cache = t.TempDir(), t.TempDir()
	for _, a := range arch.All() {
		if a.Native() {
			if dir, err := s.GuestProgramsFor(t.Context(), a); dir != s.GuestDir || err != nil {
				t.Errorf("%s: %q, %v, want %s", a.Name, dir, err, s.GuestDir)
			}
			continue
		}
		if _, err := guestbin.Embedded(a.Name); errors.Is(err, guestbin.ErrNone) {
			_, err := s.GuestProgramsFor(t.Context(), a)
			var none *NoProgramsError
			if !errors.As(err, &none) || none.Foreign != a.Name || !strings.Contains(err.Error(), "for "+a.Name) {
				t.Errorf("%s, which is neither built nor embedded: %v", a.Name, err)
			}
		}
		want := filepath.Join(s.GuestDir, a.Name)
		if err := os.Mkdir(want, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(want, "agent"), nil, 0o755); err != nil {
			t.Fatal(err)
		}
		if dir, err := (Settings{Config: s.Config, Programs: &Programs{}}).GuestProgramsFor(t.Context(), a); dir != want || err != nil {
			t.Errorf("%s: %q, %v, want %s", a.Name, dir, err, want)
		}
	}
}
