package suite

import (
	"bytes"
	"cmp"
	"context"
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/confine"
	"github.com/splicelab/splicelab/internal/headtail"
)

// build compiles the suite into dir for the host's architecture, unless the user
// gave a binary, and verifies that a guest can run it.
func (u *User) build(ctx context.Context, dir string) error {
	source := u.Dir
	if u.prebuilt {
		source = u.Binary
	}
	if !u.prebuilt || strings.HasSuffix(source, cSuffix) {
		u.builds = &builds{name: u.Name, source: source, dir: dir}
		var err error
		if u.Binary, err = u.builds.get(ctx, arch.Default()); err != nil {
			return err
		}
	}
	var err error
	u.arch, err = archOf(u.Binary)
	return err
}

// builtFor returns the suite with its binary and its program for an architecture,
// whose guest programs are in a directory.
func (u User) builtFor(ctx context.Context, a arch.Arch, guest string) (User, error) {
	binary := &u.Binary
	if u.Program != "" {
		binary = &u.Program
		u.Binary = filepath.Join(guest, wrapperFile)
	}
	switch {
	case u.builds != nil:
		var err error
		*binary, err = u.builds.get(ctx, a)
		return u, err
	case u.arch.Name != a.Name:
		return u, &UserError{*binary, fmt.Sprintf("it is for %s, and the kernel for %s: name a package or a C file, which is compiled for every architecture", u.arch.Name, a.Name)}
	}
	return u, nil
}

// builds compiles a suite, once for each architecture.
type builds struct {
	name, source string // a package's directory, or a C file
	dir          string // where binaries are put

	mu   sync.Mutex
	made map[string]string // by architecture
}

func (b *builds) get(ctx context.Context, a arch.Arch) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if binary, ok := b.made[a.Name]; ok {
		return binary, nil
	}
	dir := filepath.Join(b.dir, a.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	binary, compiler := filepath.Join(dir, b.name+binarySuffix), compile
	if strings.HasSuffix(b.source, cSuffix) {
		binary, compiler = filepath.Join(dir, b.name), compileC
	}
	if err := compiler(ctx, a, b.source, binary); err != nil {
		return "", err
	}
	if b.made == nil {
		b.made = map[string]string{}
	}
	b.made[a.Name] = binary
	return binary, nil
}

// goPackage is what go list reports about a package.
type goPackage struct{ dir, importPath string }

// suiteName is the last element of the import path that is not a version.
func (p goPackage) suiteName() string {
	name := path.Base(p.importPath)
	if regexp.MustCompile(`^v[0-9]+$`).MatchString(name) && path.Dir(p.importPath) != "." {
		name = path.Base(path.Dir(p.importPath))
	}
	return name
}

// findPackage resolves from, a directory in any module or an import path, to a
// package.
func findPackage(ctx context.Context, from string) (goPackage, error) {
	dir, name := "", from
	if st, err := os.Stat(from); err == nil && st.IsDir() {
		dir, name = from, "."
	} else if strings.HasPrefix(from, ".") || filepath.IsAbs(from) {
		if !strings.HasSuffix(from, "...") {
			return goPackage{}, fmt.Errorf("no such file or directory")
		}
	}
	out, err := goCommand(ctx, arch.Default(), dir, "list", "-f", "{{.Dir}}\t{{.ImportPath}}", "--", name)
	if err != nil {
		return goPackage{}, err
	}
	var found []goPackage
	for line := range strings.Lines(out) {
		if d, p, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			found = append(found, goPackage{d, p})
		}
	}
	if len(found) != 1 {
		return goPackage{}, fmt.Errorf("it matches %d packages: name a single one", len(found))
	}
	return found[0], nil
}

// compile builds the tests of the package in dir for the guest.
func compile(ctx context.Context, a arch.Arch, dir, binary string) error {
	if _, err := goCommand(ctx, a, dir, "test", "-c", "-trimpath", "-o", binary, "."); err != nil {
		return err
	}
	if !isFile(binary) {
		return errors.New("the package has no test files")
	}
	return nil
}

// goCommand runs the go command for a guest: Linux, without a libc. Its error has
// the command's output.
func goCommand(ctx context.Context, a arch.Arch, dir string, args ...string) (string, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return "", errors.New("the go command, which compiles it, is not on PATH: install Go, or name a compiled test binary (CGO_ENABLED=0 go test -c)")
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+a.Name)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		said := strings.TrimSpace(stderr.String() + stdout.String())
		if said == "" {
			said = err.Error()
		}
		return "", fmt.Errorf("go %s failed:\n%s", args[0], said)
	}
	return stdout.String(), nil
}

// archOf returns the architecture of guests that can run the binary. They have
// neither a dynamic linker nor libraries.
func archOf(binary string) (arch.Arch, error) {
	f, err := elf.Open(binary)
	if err != nil {
		return arch.Arch{}, fmt.Errorf("it is not a Linux program: %w; it must be a package directory, an import path, a C file, a static program or test binary", err)
	}
	defer func() { _ = f.Close() }() // only read
	a, err := arch.OfMachine(f.Machine)
	if err != nil || f.Class != elf.ELFCLASS64 {
		return arch.Arch{}, fmt.Errorf("it is a program for %s (%s), and guests are %s: build it with GOOS=linux and one of these as GOARCH", f.Machine, f.Class, strings.Join(arch.Names(), ", "))
	}
	if slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return arch.Arch{}, errors.New("it is dynamically linked, and a guest has no libraries: link it with -static, or for Go build it with CGO_ENABLED=0")
	}
	return a, nil
}

// cSuffix is the file name extension of C files.
const cSuffix = ".c"

const (
	// maxCompilerOutput bounds what is quoted of a failed compiler, in bytes.
	maxCompilerOutput = 64 << 10
	// compilerCPU bounds the compiler: a few macros can expand to gigabytes.
	compilerCPU = 10 * time.Minute
)

// compileC builds a C file for a guest, which has no libc.
func compileC(ctx context.Context, a arch.Arch, file, binary string) error {
	words := strings.Fields(cmp.Or(os.Getenv("CC"), "cc"))
	if !a.Native() {
		words = []string{a.Kernel.CrossCompile + "gcc"}
	}
	switch _, err := exec.LookPath(words[0]); {
	case err != nil && !a.Native():
		return fmt.Errorf("%s, which compiles it for %s, is not on PATH: install the cross compiler (Debian: apt-get install %s), or give a static binary", words[0], a.Name, a.Kernel.CrossPackage)
	case err != nil:
		return fmt.Errorf("%s, which compiles it, is not on PATH: install a C compiler (Debian: apt-get install gcc libc6-dev), name one in CC, or give a static binary", words[0])
	}
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], "-O2", "-g", "-static", "-pthread", "-o", binary, file)...)
	temp := filepath.Dir(binary)
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	out := headtail.New(maxCompilerOutput)
	cmd.Stdout, cmd.Stderr = out, out
	// The source can include any file, and show its content in an error.
	policy := confine.Policy{
		Execute:   slices.Concat(confine.System, confine.Installation(cmd.Path)),
		Read:      []string{filepath.Dir(file)},
		WriteDirs: []string{temp},
		Limits:    confine.Limits{CPU: compilerCPU},
	}
	switch err := policy.Run(ctx, cmd); {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("%s failed:\n%s", words[0], strings.TrimSpace(out.String()))
	}
	return nil
}

// isGoTest reports whether a program is a compiled Go test. It does not run the
// program, which may only be safe in a disposable VM.
func isGoTest(binary string) bool {
	info, err := buildinfo.ReadFile(binary)
	return err == nil && strings.HasSuffix(info.Path, binarySuffix)
}
