package images

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/splicelab/splicelab/internal/artifact"
)

func TestRemoveUnused(t *testing.T) {
	b := Builder{Dir: t.TempDir()}
	make := func(key string) string {
		t.Helper()
		path, _, err := b.obtain(t.Context(), initramfsKind, key, func(f *os.File) (entry, error) {
			_, err := f.WriteString("image " + key)
			return entry{}, err
		})
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	old, used := make("old"), make("used")
	long := time.Now().AddDate(0, 0, -40)
	for _, image := range []string{old, used} {
		if err := os.Chtimes(filepath.Join(filepath.Dir(image), artifact.ManifestFile), long, long); err != nil {
			t.Fatal(err)
		}
	}
	make("used")
	since := time.Now().AddDate(0, 0, -30)
	removed, err := b.RemoveUnused(t.Context(), since)
	if err != nil || removed != 1 {
		t.Errorf("removed %d, %v; want 1", removed, err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("the unused image is still there")
	}
	if content, err := os.ReadFile(used); err != nil || string(content) != "image used" {
		t.Errorf("the used image: %q, %v", content, err)
	}
	if again := make("old"); again != old {
		t.Errorf("rebuilt as %s, want %s", again, old)
	}
	if removed, err := (Builder{Dir: t.TempDir()}).RemoveUnused(t.Context(), since); removed != 0 || err != nil {
		t.Errorf("without a cache: %d, %v", removed, err)
	}
}
