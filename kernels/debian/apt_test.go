package debian

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/kernels"
)

// aptRoot creates files below a root directory.
func aptRoot(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestReadApt(t *testing.T) {
	const (
		mirror   = "https://mirror.example.org/debian"
		security = "https://security.example.org/debian-security"
	)
	for _, c := range []struct {
		name             string
		files            map[string]string
		mirror, security string
		keyrings         string
	}{
		{"no apt", nil, "", "", ""},
		{"one line each", map[string]string{
			"etc/apt/sources.list": "# deb http://old.example.org/debian bookworm main\n" +
				"deb-src https://mirror.example.org/source bookworm main\n" +
				"deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg]\t" + mirror + "/ bookworm main contrib # comment\n" +
				"deb " + security + " bookworm-security main\n",
		}, mirror, security, "/usr/share/keyrings/a.gpg"},
		{"paragraphs", map[string]string{
			"etc/apt/sources.list.d/debian.sources": "Types: deb deb-src\n# a comment\nURIs: " + mirror + "\nSuites: bookworm bookworm-updates\n" +
				"Components: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n" +
				"types: deb\nuris: " + security + "/\nsuites: bookworm-security\ncomponents: main\n",
			"usr/share/keyrings/debian-archive-keyring.gpg":      "",
			"usr/share/keyrings/debian-archive-removed-keys.gpg": "",
			"usr/share/keyrings/other.gpg":                       "",
			"etc/apt/trusted.gpg.d/third-party.gpg":              "",
		}, mirror, security, "/usr/share/keyrings/debian-archive-keyring.gpg"},
		{"others first", map[string]string{
			"etc/apt/sources.list": "deb https://packages.example.org/apt cloud-sdk-bookworm main\n",
			"etc/apt/sources.list.d/a.sources": "Types: deb\nURIs: https://node.example.org\nSuites: nodistro\nComponents: main\nSigned-By: /usr/share/keyrings/node.gpg\n\n" +
				"Enabled: no\nTypes: deb\nURIs: https://off.example.org/debian\nSuites: sid\nComponents: main\n\n" +
				"Types: deb\nURIs: file:/media/cdrom " + mirror + "\nSuites: stable\nComponents: main\n",
			"etc/apt/trusted.gpg.d/b.asc": "",
		}, mirror, "", "/etc/apt/trusted.gpg.d/b.asc"},
		{"nonsense", map[string]string{
			"etc/apt/sources.list": "deb [unclosed https://x.example.org bookworm main\ndeb\nhello\ndeb https://y.example.org\n",
		}, "", "", ""},
		{"old names", map[string]string{
			"etc/apt/sources.list": "deb " + mirror + " oldstable-backports main\ndeb " + security + " buster/updates main\n",
		}, mirror, security, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := aptRoot(t, c.files)
			host, err := readApt(root, "")
			if err != nil {
				t.Fatal(err)
			}
			if host.mirror != c.mirror || host.securityMirror != c.security {
				t.Errorf("mirrors %q and %q, want %q and %q", host.mirror, host.securityMirror, c.mirror, c.security)
			}
			var keyrings []string
			for _, k := range host.keyrings {
				keyrings = append(keyrings, strings.TrimPrefix(k, root))
			}
			if got := strings.Join(keyrings, " "); got != c.keyrings {
				t.Errorf("keyrings %q, want %q", got, c.keyrings)
			}
		})
	}
}

func TestSettings(t *testing.T) {
	store, err := kernels.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	good := Config{Mirror: "https://mirror.example.org/debian", SecurityMirror: "https://mirror.example.org/debian-security", Keyring: []string{"/none"}}
	if _, err := newSource(good, store, aptConfig{}); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(c *Config){
		"kernels.debian.mirror: no Debian archive":              func(c *Config) { c.Mirror = "" },
		"kernels.debian.mirror: \"ftp://x\"":                    func(c *Config) { c.Mirror = "ftp://x" },
		"kernels.debian.security-mirror: \"x\"":                 func(c *Config) { c.SecurityMirror = "x" },
		"kernels.debian.security-mirror: no security archive":   func(c *Config) { c.SecurityMirror = ""; c.Suites = []string{"trixie-security"} },
		"kernels.debian.suites: \"../x\"":                       func(c *Config) { c.Suites = []string{"../x"} },
		"kernels.debian.allow-expired: \"woody\" is none of":    func(c *Config) { c.AllowExpired = []string{"woody"} },
		"kernels.debian.architecture: unknown architecture":     func(c *Config) { c.Architecture = "sparc64" },
		"kernels.debian.flavour: \"arm64-16k\" is one of arm64": func(c *Config) { c.Architecture = "riscv64"; c.Flavour = "arm64-16k" },
		"kernels.debian.flavour: \"a b\"":                       func(c *Config) { c.Flavour = "a b" },
		"kernels.debian.max-age: -1ns is negative":              func(c *Config) { c.MaxAge = -1 },
		"kernels.debian.parallel: 100 is not between 1 and 32":  func(c *Config) { c.Parallel = 100 },
	} {
		c := good
		change(&c)
		if _, err := newSource(c, store, aptConfig{}); !isA[*SettingError](err) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	s, err := newSource(good, store, aptConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.List(t.Context()); !isA[*SettingError](err) || !strings.Contains(err.Error(), "kernels.debian.keyring") {
		t.Errorf("a missing keyring: %v", err)
	}
	s.cfg.Keyring = nil
	if _, err := s.List(t.Context()); err == nil || !strings.Contains(err.Error(), "debian-archive-keyring") {
		t.Errorf("no keys at all: %v", err)
	}
}

func TestFlavours(t *testing.T) {
	for release, want := range map[string]string{
		"5.10.0-46-cloud-amd64":         "cloud-amd64",
		"5.10.0-46-amd64":               "amd64",
		"6.1.0-0.deb11.52-rt-amd64":     "rt-amd64",
		"6.12.115+deb13.1-cloud-amd64":  "cloud-amd64",
		"7.3-cloud-amd64":               "cloud-amd64",
		"6.13-rc2-cloud-amd64":          "cloud-amd64",
		"6.12.0-trunk-amd64":            "amd64",
		"6.12.117+deb13-amd64-unsigned": "",
		"6.12.117+deb13-amd64-dbg":      "",
		"amd64":                         "",
		"6.12.117+deb13-arm64-16k":      "arm64-16k",
		"6.12.117+deb13-cloud-arm64":    "cloud-arm64",
		"6.12.117+deb13-riscv64":        "riscv64",
		"6.12.117+deb13-special-arm64":  "",
		"6.12.117+deb13-arm64-64k":      "",
		"cloud-amd64":                   "",
	} {
		if got := flavourOf(release); got != want {
			t.Errorf("%s has flavour %q, want %q", release, got, want)
		}
	}
}

func TestPlace(t *testing.T) {
	const r = "6.12-amd64"
	for name, want := range map[string]string{
		"./boot/vmlinuz-" + r:                         kernels.BootFile,
		"./boot/config-" + r:                          kernels.ConfigFile,
		"./boot/vmlinux-" + r:                         kernels.BootFile, // riscv64
		"./boot/vmlinuz-6.11":                         "",
		"./usr/lib/modules/" + r + "/vmlinuz":         kernels.BootFile,
		"lib/modules/" + r + "/kernel/a/b.ko":         "modules/kernel/a/b.ko",
		"./lib/modules/" + r + "/modules.order":       "modules/modules.order",
		"./lib/modules/" + r + "/build":               "",
		"./lib/modules/" + r + "/kernel/../../x":      "",
		"../../lib/modules/" + r + "/kernel/a.ko":     "modules/kernel/a.ko",
		"/etc/passwd":                                 "",
		"./lib/modules/" + r + "/System.map":          "",
		"./usr/lib/modules/" + r + "/modules.builtin": "modules/modules.builtin",
	} {
		if got := place(name, r); got != want {
			t.Errorf("%s goes to %q, want %q", name, got, want)
		}
	}
}

func TestDefaultSuitesAreValid(t *testing.T) {
	if slices.ContainsFunc(defaultSuites(), func(s string) bool { return !validName(s) }) {
		t.Error("a default suite has no valid name")
	}
}
