package images

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/splicelab/splicelab/kernels"
)

// configured is a kernel with that build configuration.
func configured(t *testing.T, config string) kernels.Kernel {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return kernels.Kernel{Release: "6.12.1", Config: path}
}

func TestPageSize(t *testing.T) {
	for config, want := range map[string]int{
		"CONFIG_X86_64=y\n": 4 << 10,
		"CONFIG_ARM64_4K_PAGES=y\n# CONFIG_ARM64_16K_PAGES is not set\n": 4 << 10,
		"CONFIG_ARM64_16K_PAGES=y\nCONFIG_PAGE_SIZE_16KB=y\n":            16 << 10,
		"CONFIG_ARM64_64K_PAGES=y\n":                                     64 << 10,
	} {
		if got, known, err := PageSize(configured(t, config)); got != want || !known || err != nil {
			t.Errorf("%q: %d, %t, %v, want %d", config, got, known, err, want)
		}
	}
	if _, known, err := PageSize(kernels.Kernel{}); known || err != nil {
		t.Errorf("a kernel without configuration: known %t, %v", known, err)
	}
}

// TestPageSizeUnmet checks that a profile whose blocks must be as large as a page
// is skipped, with a reason, on a kernel with other pages, and that those with
// smaller blocks than a page are not.
func TestPageSizeUnmet(t *testing.T) {
	profiles, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	const options = "CONFIG_TRANSPARENT_HUGEPAGE=y\nCONFIG_FS_DAX=y\n"
	small, large := configured(t, options), configured(t, options+"CONFIG_ARM64_16K_PAGES=y\n")
	needs4K := map[string]bool{"f2fs": true, "ext4-dax": true, "xfs-dax": true}
	for _, p := range profiles {
		if reason, unmet, err := p.UnmetOn(small); unmet || err != nil {
			t.Errorf("%s with pages of 4 KiB: %q, %v", p.Name, reason, err)
		}
		want := ""
		if needs4K[p.Name] {
			want = "kernel 6.12.1 has pages of 16 KiB, and " + p.Name + " needs pages of 4 KiB"
		}
		if reason, unmet, err := p.UnmetOn(large); reason != want || unmet != (want != "") || err != nil {
			t.Errorf("%s with pages of 16 KiB: %q, %t, %v, want %q", p.Name, reason, unmet, err, want)
		}
	}
}
