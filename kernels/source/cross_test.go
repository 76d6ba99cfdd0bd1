package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/arch"
)

// foreign is an architecture that the host has to cross-compile for.
func foreign(t *testing.T) arch.Arch {
	t.Helper()
	all := arch.All()
	return all[slices.IndexFunc(all, func(a arch.Arch) bool { return !a.Native() })]
}

func TestCrossCompile(t *testing.T) {
	a := foreign(t)
	own := prepared(t, Build{Name: "a", Tree: "x"})
	cross := prepared(t, Build{Name: "a", Tree: "x", Arch: a.Name})
	args := strings.Join(cross.makeArgs([]string{"-s"}), "\n")
	for _, want := range []string{"ARCH=" + a.Kernel.Arch, "CROSS_COMPILE=" + a.Kernel.CrossCompile, a.Kernel.CrossCompile + "gcc\n", "-s"} {
		if !strings.Contains(args, want) {
			t.Errorf("make is not told %q: %s", want, args)
		}
	}
	if args := strings.Join(own.makeArgs(nil), " "); strings.Contains(args, "CROSS_COMPILE") || !strings.Contains(args, "ARCH="+arch.Default().Kernel.Arch) {
		t.Errorf("the host's own build: %s", args)
	}
	if filepath.Base(own.obj) == filepath.Base(cross.obj) {
		t.Errorf("two architectures share the objects in %s", own.obj)
	}
	clang := prepared(t, Build{Name: "a", Tree: "x", Arch: a.Name, Compiler: "clang"})
	if args := strings.Join(clang.makeArgs(nil), " "); !strings.Contains(args, "clang") || !strings.Contains(args, "CROSS_COMPILE=") {
		t.Errorf("with another compiler: %s", args)
	}
}

func TestMissingCrossCompiler(t *testing.T) {
	dir := t.TempDir()
	for _, tool := range []string{"make", "flex", "bison", "bc", "gcc"} {
		if err := os.WriteFile(filepath.Join(dir, tool), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	if err := prepared(t, Build{Name: "a", Tree: "x"}).checkTools(); err != nil {
		t.Errorf("the host's own build: %v", err)
	}
	a := foreign(t)
	err := prepared(t, Build{Name: "a", Tree: "x", Arch: a.Name}).checkTools()
	if err == nil || !strings.Contains(err.Error(), a.Kernel.CrossCompile) || !strings.Contains(err.Error(), a.Kernel.CrossPackage) {
		t.Errorf("without a cross compiler: %v", err)
	}
	// Another compiler needs the cross linker, too.
	err = prepared(t, Build{Name: "a", Tree: "x", Arch: a.Name, Compiler: "gcc"}).checkTools()
	if err == nil || !strings.Contains(err.Error(), a.Kernel.CrossCompile+"ld is missing") {
		t.Errorf("without a cross linker: %v", err)
	}
}

// kernel:6.12 is the configuration of a kernel of the build's architecture.
func TestBaseSelector(t *testing.T) {
	a := foreign(t)
	for base, want := range map[string]string{
		"kernel:6.12": "6.12@" + a.Flavours[0], "kernel:6.12@rt-amd64": "6.12@rt-amd64", "kernel:file:/boot/a": "file:/boot/a",
		"kernel:6.12.117+deb13-riscv64": "6.12.117+deb13-riscv64",
	} {
		if got := prepared(t, Build{Name: "a", Tree: "x", Arch: a.Name, Base: base}).baseSelector(); got != want {
			t.Errorf("%s: %s, want %s", base, got, want)
		}
	}
	if got := prepared(t, Build{Name: "a", Tree: "x", Base: "kernel:6.12"}).baseSelector(); got != "6.12" {
		t.Errorf("the host's own build: %s", got)
	}
}

// The reason why an option did not take is in the architecture's own Kconfig.
func TestKconfigOfArchitecture(t *testing.T) {
	for _, a := range arch.All() {
		p := prepared(t, Build{Name: "a", Tree: "x", Arch: a.Name})
		p.src = t.TempDir()
		for _, other := range arch.All() {
			q := prepared(t, Build{Name: "a", Tree: "x", Arch: other.Name})
			write(t, filepath.Join(p.src, q.archDir(), "Kconfig"), "config ODD\n\tbool \"Odd\"\n\tdepends on ON_"+strings.ToUpper(other.Name)+"\n")
		}
		why, err := p.why("CONFIG_ODD")
		if err != nil || !strings.Contains(why, "ON_"+strings.ToUpper(a.Name)) || strings.Count(why, "=") != 1 {
			t.Errorf("%s: %s, %v", a.Name, why, err)
		}
	}
}
