package kernels

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiffOptions(t *testing.T) {
	a := ParseConfig([]byte("# a comment\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=m\nCONFIG_TEXT=\"one\"\nCONFIG_SAME=1\nCONFIG_GCC_VERSION=1\n"))
	b := ParseConfig([]byte("CONFIG_A=m\nCONFIG_B=y\nCONFIG_TEXT=\"two\"\nCONFIG_SAME=1\nCONFIG_GCC_VERSION=2\n"))
	want := []OptionChange{{"CONFIG_A", "y", "m"}, {"CONFIG_B", "", "y"}, {"CONFIG_C", "m", ""}, {"CONFIG_TEXT", "one", "two"}}
	if d := cmp.Diff(want, DiffOptions(a, b)); d != "" {
		t.Error(d)
	}
	if got := DiffOptions(a, a); got != nil {
		t.Errorf("identical configurations differ in %v", got)
	}
}

func TestOptions(t *testing.T) {
	if _, err := (Kernel{Release: "6.1"}).Options(); err == nil || !strings.Contains(err.Error(), "has no configuration") {
		t.Error(err)
	}
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte("CONFIG_A=y\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := (Kernel{Config: file}).Options()
	if err != nil || got["CONFIG_A"] != "y" {
		t.Errorf("%v, %v", got, err)
	}
}
