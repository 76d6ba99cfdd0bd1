package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/confine"
	"github.com/splicelab/splicelab/kernels"
)

// A tree's Makefiles are programs of whoever wrote it. They write objects, and
// nothing else of the host is theirs.
func TestHostileTree(t *testing.T) {
	need(t, "make", "gcc", "bash")
	// Prepare demands what a real tree needs; these trees use none of it.
	unused := t.TempDir()
	for _, tool := range []string{"flex", "bison", "bc"} {
		write(t, filepath.Join(unused, tool), "")
		if err := os.Chmod(filepath.Join(unused, tool), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", os.Getenv("PATH")+":"+unused)
	if confine.LandlockVersion() == 0 {
		t.Skip("this host's kernel has no Landlock")
	}
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret")
	write(t, secret, "CONFIG_SECRET=y\n")
	for name, c := range map[string]struct {
		configure, release string
		want               string // in the error; "" for none
	}{
		"harmless":       {"cp $(KCONFIG_ALLCONFIG) $(O)/.config", "6.12.0", ""},
		"reads":          {"cp " + secret + " $(O)/.config", "6.12.0", "Permission denied"},
		"writes":         {"echo x >" + secret, "6.12.0", "Permission denied"},
		"creates":        {"echo x >" + outside + "/new", "6.12.0", "Permission denied"},
		"links":          {"ln -sf " + secret + " $(O)/.config", "6.12.0", "escapes"},
		"a path":         {"cp $(KCONFIG_ALLCONFIG) $(O)/.config", "../../../6.12", "is no kernel release"},
		"a control code": {"cp $(KCONFIG_ALLCONFIG) $(O)/.config", "6.12\x1b[2J", "is no kernel release"},
		"connects":       {"bash -c ': </dev/tcp/127.0.0.1/1'", "6.12.0", "ermission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			tree := filepath.Join(t.TempDir(), "linux")
			write(t, filepath.Join(tree, "Kconfig"), kconfig)
			write(t, filepath.Join(tree, "Makefile"), "syncconfig:\nallnoconfig:\n\t"+c.configure+"\nkernelrelease:\n\t@printf '%s\\n' '"+c.release+"'\n")
			store, err := kernels.OpenStore(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			p, err := Builder{Store: store}.Prepare(t.Context(), Build{Name: "a", Tree: tree})
			switch {
			case c.want == "" && err == nil:
				p.Close()
			case err == nil || c.want == "" || !strings.Contains(err.Error(), c.want):
				t.Errorf("%v, want %q", err, c.want)
			}
			if b, err := os.ReadFile(secret); err != nil || string(b) != "CONFIG_SECRET=y\n" {
				t.Errorf("a file outside is now %q, %v", b, err)
			}
			if _, err := os.Stat(filepath.Join(outside, "new")); err == nil {
				t.Error("a file was created outside")
			}
		})
	}
}
