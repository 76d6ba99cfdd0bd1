package source

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/kernels"
)

func TestValidate(t *testing.T) {
	for want, b := range map[string]Build{
		"":                       {Name: "a-1.x", Tree: "linux", Ref: "v6", Patches: []string{"p"}, Options: []string{"CONFIG_A=y", `CONFIG_B="x y"`}},
		"has no name":            {Tree: "x"},
		"letters, digits":        {Name: "a/b", Tree: "x"},
		"tree is missing":        {Name: "a"},
		"cannot be patched":      {Name: "a", Tree: "dir", Patches: []string{"p"}},
		"unknown architecture":   {Name: "a", Tree: "x", Arch: "sparc64"},
		"a tarball has no ref":   {Name: "a", Tree: "x.tar.xz", Ref: "v6"},
		`option "XFS_FS=y"`:      {Name: "a", Tree: "x", Options: []string{"XFS_FS=y"}},
		`option "CONFIG_XFS="`:   {Name: "a", Tree: "x", Options: []string{"CONFIG_XFS="}},
		`option "CONFIG_XFS_ ="`: {Name: "a", Tree: "x", Options: []string{"CONFIG_XFS_ ="}},
	} {
		err := b.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: %v, want %q", b, err, want)
		}
	}
}

const kconfig = `config PLAIN
	bool "Plain"

menuconfig XFS
	tristate "A filesystem"
	depends on BLOCK && (CRC32 || !TINY)
	depends on MMU=y
	help
	  Text with depends on NOTHING.
	  config NOTHING

config HIDDEN
	bool

if EXPERT
config INNER
	bool "Inner"
	depends on PLAIN
endif
`

func TestDependsOn(t *testing.T) {
	for name, c := range map[string]struct {
		depends       []string
		prompt, found bool
	}{
		"PLAIN": {nil, true, true}, "XFS": {[]string{"BLOCK && (CRC32 || !TINY)", "MMU=y"}, true, true},
		"HIDDEN": {nil, false, true}, "INNER": {[]string{"PLAIN"}, true, true}, "NOTHING": {nil, false, false},
	} {
		depends, prompt, found := dependsOn([]byte(kconfig), name)
		if d := cmp.Diff(c.depends, depends); d != "" || prompt != c.prompt || found != c.found {
			t.Errorf("%s: %v %v %v", name, depends, prompt, found)
		}
	}
	if d := cmp.Diff([]string{"BLOCK", "CRC32", "TINY", "MMU"}, symbols([]string{"BLOCK && (CRC32 || !TINY)", "MMU=y"})); d != "" {
		t.Error(d)
	}
}

func TestParseRequest(t *testing.T) {
	for line, want := range map[string]request{
		"CONFIG_A=y": {option: "CONFIG_A", value: "y"}, "# CONFIG_A is not set": {option: "CONFIG_A"},
		`CONFIG_A="x"`: {option: "CONFIG_A", value: "x"}, "CONFIG_A=n": {option: "CONFIG_A"},
	} {
		got, ok := parseRequest(line)
		if !ok || got != want {
			t.Errorf("%q: %+v %v", line, got, ok)
		}
	}
	for _, line := range []string{"# a comment", "", "# CONFIG_A is nice", "MAKE=1"} {
		if _, ok := parseRequest(line); ok {
			t.Errorf("%q is parsed as an option", line)
		}
	}
}

// Every fragment parses and sets each option once.
func TestFragments(t *testing.T) {
	if d := cmp.Diff([]string{"debug-vm", "distribution", "kasan", "lab", "lockdep", "ubsan"}, Fragments()); d != "" {
		t.Error(d)
	}
	for _, name := range Fragments() {
		for _, a := range arch.Names() {
			checkFragment(t, name, a)
		}
	}
}

func checkFragment(t *testing.T, name, architecture string) {
	t.Helper()
	b, err := prepared(t, Build{Name: "a", Tree: "x", Arch: architecture}).fragment(name)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		o, ok := parseRequest(strings.TrimSpace(line))
		if !ok {
			continue
		}
		if seen[o.option] {
			t.Errorf("%s for %s: %s twice", name, architecture, o.option)
		}
		seen[o.option] = true
	}
	if len(seen) == 0 {
		t.Errorf("%s requests no options", name)
	}
}

func prepared(t *testing.T, b Build) *Prepared {
	t.Helper()
	store, err := kernels.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := &Prepared{Build: b, builder: Builder{Store: store}}
	p.setTarget(t.TempDir())
	if err := os.Mkdir(p.obj, 0o755); err != nil {
		t.Fatal(err)
	}
	return p
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func need(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
}

const fix = `--- a/fs/file.c
+++ b/fs/file.c
@@ -1 +1 @@
-old
+new
`

// A commit is checked out in a separate clone, patched, and identified by its
// content; the repository is not modified.
func TestCheckout(t *testing.T) {
	need(t, "git", "patch")
	repo := t.TempDir()
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", repo, "-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %s", args, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "--quiet", "--initial-branch=main")
	write(t, filepath.Join(repo, "Kconfig"), kconfig)
	write(t, filepath.Join(repo, "fs/file.c"), "old\n")
	git("add", "-A")
	git("commit", "--quiet", "-m", "one")
	git("tag", "v1")
	write(t, filepath.Join(repo, "fs/file.c"), "other\n")
	git("commit", "--quiet", "-am", "two")
	patch := filepath.Join(t.TempDir(), "fix.patch")
	write(t, patch, fix)

	dir := filepath.Join(t.TempDir(), "src")
	sources := map[string]bool{}
	for _, c := range []struct {
		ref     string
		patches []string
		want    string
	}{{"v1", nil, "old\n"}, {"v1", []string{patch}, "new\n"}, {"main", nil, "other\n"}, {"v1", nil, "old\n"}} {
		p := prepared(t, Build{Name: "a", Tree: repo, Ref: c.ref, Patches: c.patches})
		if err := p.fetch(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, "fs/file.c"))
		if err != nil || string(got) != c.want {
			t.Errorf("%s %v: %q, %v", c.ref, c.patches, got, err)
		}
		sources[p.Source] = true
		at := git("rev-parse", c.ref)
		sum := digest(fmt.Sprintf("%x\n", sha256.Sum256([]byte(fix)))) // the checksum of the checksums
		if (p.Checkout.Patches == sum) != (c.patches != nil) || p.Checkout.Commit != at || p.Checkout.Repository != "" {
			t.Errorf("%s %v: %+v, want commit %s, patches %s", c.ref, c.patches, p.Checkout, at, sum)
		}
	}
	if len(sources) != 3 {
		t.Errorf("three sources have %d identities: %v", len(sources), sources)
	}
	// A branch that was updated is built at its new tip.
	write(t, filepath.Join(repo, "fs/file.c"), "third\n")
	git("commit", "--quiet", "-am", "three")
	git("tag", "v3")
	p := prepared(t, Build{Name: "a", Tree: repo, Ref: "v3"})
	if err := p.fetch(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	for want, b := range map[string]Build{
		`has no ref "v9"`:          {Name: "a", Tree: repo, Ref: "v9"},
		"fix.patch does not apply": {Name: "a", Tree: repo, Ref: "main", Patches: []string{patch}},
		"repository not found":     {Name: "a", Tree: repo + "-gone", Ref: "v1"},
		"none.patch":               {Name: "a", Tree: repo, Ref: "v1", Patches: []string{"none.patch"}},
	} {
		err := prepared(t, b).fetch(t.Context(), dir)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	// The repository disappears after the lab has cloned it.
	if err := os.RemoveAll(repo); err != nil {
		t.Fatal(err)
	}
	if err := prepared(t, Build{Name: "a", Tree: repo, Ref: "v1"}).fetch(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "repository not found") {
		t.Errorf("a deleted repository: %v", err)
	}
}

func TestTarballAndDirectory(t *testing.T) {
	need(t, "tar", "patch")
	tree := filepath.Join(t.TempDir(), "linux-1")
	write(t, filepath.Join(tree, "Kconfig"), kconfig)
	write(t, filepath.Join(tree, "fs/file.c"), "old\n")
	ball := filepath.Join(t.TempDir(), "linux.tar")
	if out, err := exec.Command("tar", "--create", "--file", ball, "--directory", filepath.Dir(tree), "linux-1").CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	patch := filepath.Join(t.TempDir(), "fix.patch")
	write(t, patch, fix)
	dir := filepath.Join(t.TempDir(), "src")
	for _, c := range []struct {
		patches []string
		want    string
	}{{nil, "old\n"}, {[]string{patch}, "new\n"}, {[]string{patch}, "new\n"}, {nil, "old\n"}} {
		if err := prepared(t, Build{Name: "a", Tree: ball, Patches: c.patches}).fetch(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "fs/file.c")); err != nil || string(got) != c.want {
			t.Errorf("%v: %q, %v", c.patches, got, err)
		}
	}

	for url, want := range map[string]string{
		"https://me:secret@example.org/linux.git": "https://example.org/linux.git", "git://example.org/l": "git://example.org/l",
		"/src/linux": "", "me@example.org:linux.git": "", "file:///src/linux": "",
	} {
		if got := publicURL(url); got != want {
			t.Errorf("the public URL of %s is %q, want %q", url, got, want)
		}
	}
	first := prepared(t, Build{Name: "a", Tree: tree})
	if err := first.fetch(t.Context(), dir); err != nil || first.src != tree {
		t.Errorf("%s, %v", first.src, err)
	}
	write(t, filepath.Join(tree, "fs/file.c"), "changed\n")
	second := prepared(t, Build{Name: "a", Tree: tree})
	if err := second.fetch(t.Context(), dir); err != nil || second.Source == first.Source {
		t.Errorf("a changed tree has the same digest: %v", err)
	}
	write(t, filepath.Join(tree, ".config"), "")
	for want, tree := range map[string]string{"make mrproper": tree, "no Kconfig": t.TempDir(), "no such file": tree + "-gone", "neither a directory nor a tarball": patch} {
		if err := prepared(t, Build{Name: "a", Tree: tree}).fetch(t.Context(), dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", tree, err, want)
		}
	}
}

func TestCheck(t *testing.T) {
	p := prepared(t, Build{Name: "a"})
	p.src = t.TempDir()
	write(t, filepath.Join(p.src, "fs/Kconfig"), kconfig)
	p.Options = map[string]string{"CONFIG_BLOCK": "y", "CONFIG_PLAIN": "y"}
	err := p.check([]request{{option: "CONFIG_PLAIN", value: "y"}, {option: "CONFIG_XFS", value: "m", by: "options"}, {option: "CONFIG_GONE", value: "y", by: "mine"}, {option: "CONFIG_OLD", value: "y", own: true}, {option: "CONFIG_XFS", value: "y", by: "xfs", own: true}})
	for _, want := range []string{
		"2 options", "CONFIG_XFS=m (options) did not take, it is n: in fs/Kconfig it depends on BLOCK && (CRC32 || !TINY); MMU=y, where BLOCK=y, CRC32=n, TINY=n, MMU=n",
		"CONFIG_GONE=y (mine) did not take, it is n: this kernel has no such option",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	var fault *Error
	if !errors.As(err, &fault) || !fault.Source || !strings.HasPrefix(fault.Summary, "CONFIG_XFS=m (options) did not take") || strings.Contains(fault.Summary, "\n") {
		t.Errorf("the source is not blamed in one line: %+v", fault)
	}
	for _, want := range []string{"does not have OLD of", "CONFIG_XFS=y (xfs) did not take, it is n: in fs/Kconfig it depends on BLOCK"} {
		if !strings.Contains(p.Warning, want) {
			t.Errorf("warning %q, want %q", p.Warning, want)
		}
	}
}

func TestFullDiskIsNotBlamedOnSource(t *testing.T) {
	p := prepared(t, Build{Name: "a"})
	err := p.failed("make", os.ErrInvalid, "as: fatal: fs/x.o: No space left on device\nmake: *** Error 1")
	var fault *Error
	var full *NoSpaceError
	if !errors.As(err, &full) || !strings.Contains(err.Error(), "the disk is full") || asError(err, &fault) {
		t.Errorf("%v", err)
	}
}

func asError(err error, target **Error) bool {
	e, ok := err.(*Error) //nolint:errorlint // must be exactly this type
	*target = e
	return ok
}

// What a search says about a commit that does not build is one line.
func TestSummary(t *testing.T) {
	p := prepared(t, Build{Name: "a"})
	p.src = t.TempDir()
	const output = "  CC fs/a.o\nfs/a.c:3:5: error: unknown type\nfs/a.c:4:5: error: unknown name\nmake[2]: *** [fs/a.o] Error 1"
	for output, want := range map[string]string{
		output: "fs/a.c:3:5: error: unknown type",
		"a.o: undefined reference to `b'\nmake: ***": "a.o: undefined reference to `b'",
		"strange\nmake: *** [all] Error 2":           "make: *** [all] Error 2",
	} {
		var fault *Error
		if err := blameSource(p.failed("make", errors.New("exit status 2"), output)); !errors.As(err, &fault) || !fault.Source || !strings.HasSuffix(fault.Summary, want) || strings.Contains(fault.Summary, "\n") {
			t.Errorf("%q: %+v, want %q", output, fault, want)
		}
	}
	p.Build.Patches = []string{"a.patch"}
	var fault *Error
	if err := p.patch(t.Context(), [][]byte{[]byte("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n")}); !errors.As(err, &fault) || fault.Summary != "patch a.patch does not apply" {
		t.Errorf("%v, %+v", err, fault)
	}
}
