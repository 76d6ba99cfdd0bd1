package source

import (
	"bytes"
	"debug/elf"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/kerneltest"
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

// TestCrossBuild builds from a tree whose Makefile stands in for the kernel's:
// it checks what it is told and "compiles" a finished Image.
func TestCrossBuild(t *testing.T) {
	need(t, "make", "bash")
	machines := map[string]elf.Machine{"arm64": elf.EM_AARCH64, "riscv64": elf.EM_RISCV}
	for _, a := range arch.All() {
		machine, ok := machines[a.Name]
		if !ok || a.Native() {
			continue
		}
		t.Run(a.Name, func(t *testing.T) {
			tools := t.TempDir()
			for _, tool := range []string{"flex", "bison", "bc", a.Kernel.CrossCompile + "gcc", a.Kernel.CrossCompile + "ld"} {
				write(t, filepath.Join(tools, tool), "#!/bin/sh\necho "+tool+" 12\n")
				if err := os.Chmod(filepath.Join(tools, tool), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", tools+":"+os.Getenv("PATH"))
			const release = "6.12.0-mine"
			tree := filepath.Join(t.TempDir(), "linux")
			write(t, filepath.Join(tree, "Kconfig"), kconfig)
			image := kerneltest.Image(release, machine, kerneltest.Pages16K)
			write(t, filepath.Join(tree, "finished"), string(image))
			write(t, filepath.Join(tree, "Makefile"), `
ifneq ($(ARCH) $(CROSS_COMPILE),`+a.Kernel.Arch+` `+a.Kernel.CrossCompile+`)
$(error ARCH is $(ARCH), CROSS_COMPILE is $(CROSS_COMPILE))
endif
syncconfig modules:
allnoconfig:
	grep -v CONFIG_MODULES= $(KCONFIG_ALLCONFIG) >$(O)/.config
	echo CONFIG_PAGE_SIZE_16KB=y >>$(O)/.config
kernelrelease:
	@echo `+release+`
Image:
	mkdir -p $(O)/`+filepath.Dir(a.Kernel.Image)+`
	cp finished $(O)/`+a.Kernel.Image+`
`)
			store, err := kernels.OpenStore(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			p, err := Builder{Store: store}.Prepare(t.Context(), Build{Name: "mine", Tree: tree, Arch: a.Name})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			e, err := p.Entry()
			if err != nil || e.Arch != a.Name || e.PageSize != 16384 {
				t.Errorf("entry %+v, %v", e, err)
			}
			k, err := p.Fetch(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if k.Arch != a.Name || k.PageSize != 16384 || k.Release != release || k.BootImage() != k.Image {
				t.Errorf("built %+v", k)
			}
			if built, err := os.ReadFile(k.Image); err != nil || !bytes.Equal(built, image) {
				t.Errorf("its image has %d bytes, %v", len(built), err)
			}
		})
	}
}
