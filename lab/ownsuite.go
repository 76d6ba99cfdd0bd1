package lab

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

	"github.com/splicelab/splicelab/internal/protocol"
)

// OwnSuite is a suite of the user's: a Go package that was compiled, a test
// binary that was given, or a program around which the lab puts a suite.
type OwnSuite struct {
	protocol.Suite
	Binary  string // on the host
	Program string // on the host; empty but for a program
	// Dir is the directory of the package. Its files and its testdata are in
	// the guest, where the tests start among them, as under go test. Of a
	// binary that was given only the testdata beside it is.
	Dir   string
	ready bool // the binary was given
}

// OwnSuiteError says why something that was given as a suite is none. It is
// the user's to mend.
type OwnSuiteError struct {
	From string // as it was given
	Why  string
}

func (e *OwnSuiteError) Error() string { return fmt.Sprintf("tests from %s: %s", e.From, e.Why) }

// OwnSuiteDir makes a directory of the cache for OwnSuites, which goes with
// release. What a killed lab left behind, a later one sweeps away.
func OwnSuiteDir(cache string) (dir string, release func(), err error) {
	l := Lab{cfg: Config{CacheDir: cache}}
	l.sweep()
	if err := os.MkdirAll(l.tempDir(), 0o755); err != nil {
		return "", nil, fmt.Errorf("cache directory %s cannot be used: %w; name another with --cache or SPLICELAB_CACHE", cache, err)
	}
	dir, err = os.MkdirTemp(l.tempDir(), oneOffPrefix)
	if err != nil {
		return "", nil, fmt.Errorf("temporary directory in the cache: %w", err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}

// OwnSuites makes suites of what the user named: Go packages, by directory or
// import path, and C files, which are compiled into dir, test binaries, and
// other programs. They must not have the name of one another or of the suites
// that there are already. guestDir has the suite around a program.
func OwnSuites(ctx context.Context, guestDir, dir string, from []string, known []protocol.Suite) ([]OwnSuite, error) {
	taken := map[string]string{}
	for _, s := range known {
		taken[s.Name] = "a suite of splicelab's own"
	}
	var out []OwnSuite
	for _, f := range from {
		s, err := ownSuite(ctx, guestDir, dir, f, taken)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func ownSuite(ctx context.Context, guestDir, dir, from string, taken map[string]string) (OwnSuite, error) {
	refuse := func(format string, args ...any) error {
		return &OwnSuiteError{from, strings.TrimSpace(fmt.Sprintf(format, args...))}
	}
	var s OwnSuite
	if st, err := os.Stat(from); err == nil && st.Mode().IsRegular() {
		if s.Binary, err = filepath.Abs(from); err != nil {
			return s, err
		}
		s.ready, s.Dir = true, filepath.Dir(s.Binary)
		s.Name = strings.TrimSuffix(strings.TrimSuffix(filepath.Base(from), suiteSuffix), cSuffix)
	} else {
		p, err := findPackage(ctx, from)
		if err != nil {
			return s, refuse("%s", err)
		}
		s.Name, s.Dir = p.suiteName(), p.dir
	}
	if other := taken[s.Name]; other != "" {
		return s, refuse("its name would be %q, which %s has: rename the package or the binary", s.Name, other)
	}
	taken[s.Name] = from
	if !suiteName.MatchString(s.Name) {
		return s, refuse("a suite cannot be called %q: letters, digits, - and _ are fit for a name", s.Name)
	}
	if !s.ready {
		s.Binary = filepath.Join(dir, s.Name+suiteSuffix)
		if err := compile(ctx, s.Dir, s.Binary); err != nil {
			return s, refuse("%s", err)
		}
	}
	if strings.HasSuffix(s.Binary, cSuffix) {
		out := filepath.Join(dir, s.Name)
		if err := compileC(ctx, s.Binary, out); err != nil {
			return s, refuse("%s", err)
		}
		s.Binary = out
	}
	if err := runsInGuest(s.Binary); err != nil {
		return s, refuse("%s", err)
	}
	if !isGoTest(s.Binary) {
		s.Program, s.Binary = s.Binary, filepath.Join(guestDir, programFile)
		if !isFile(s.Binary) {
			return s, &MissingGuestError{s.Binary}
		}
	}
	described, err := describe(ctx, s.Binary)
	if err != nil {
		return s, refuse("%s", err)
	}
	described.Name = s.Name
	if s.Suite = described; len(s.Tests) == 0 {
		return s, refuse("it holds no test: no function TestXxx(*testing.T)")
	}
	return s, nil
}

var suiteName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// goPackage is what the go command says of a package.
type goPackage struct{ dir, importPath string }

// suiteName is the last element of the import path that is no version.
func (p goPackage) suiteName() string {
	name := path.Base(p.importPath)
	if regexp.MustCompile(`^v[0-9]+$`).MatchString(name) && path.Dir(p.importPath) != "." {
		name = path.Base(path.Dir(p.importPath))
	}
	return name
}

// findPackage asks the go command for the package that from names: by its
// directory, whatever module that is in, or by its import path.
func findPackage(ctx context.Context, from string) (goPackage, error) {
	dir, name := "", from
	if st, err := os.Stat(from); err == nil && st.IsDir() {
		dir, name = from, "."
	} else if strings.HasPrefix(from, ".") || filepath.IsAbs(from) {
		if !strings.HasSuffix(from, "...") {
			return goPackage{}, fmt.Errorf("there is no such file or directory")
		}
	}
	out, err := goCommand(ctx, dir, "list", "-f", "{{.Dir}}\t{{.ImportPath}}", "--", name)
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
		return goPackage{}, fmt.Errorf("it names %d packages: name one, and give the flag again for another", len(found))
	}
	return found[0], nil
}

// compile builds the tests of the package in dir for the guest.
func compile(ctx context.Context, dir, binary string) error {
	if _, err := goCommand(ctx, dir, "test", "-c", "-trimpath", "-o", binary, "."); err != nil {
		return err
	}
	if !isFile(binary) {
		return errors.New("the package has no test files")
	}
	return nil
}

// goCommand runs the go command for the guest: Linux on x86-64, without a
// libc. Its error is what the command printed.
func goCommand(ctx context.Context, dir string, args ...string) (string, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return "", errors.New("the go command, which compiles it, is not on PATH: install Go, or give a test binary that is compiled already (CGO_ENABLED=0 go test -c)")
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
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

// runsInGuest makes sure that the binary starts in a guest, which is x86-64
// and has neither a dynamic linker nor libraries.
func runsInGuest(binary string) error {
	f, err := elf.Open(binary)
	if err != nil {
		return fmt.Errorf("it is no Linux program: %w; it must be a package directory, an import path, a C file, a static program or test binary", err)
	}
	defer func() { _ = f.Close() }() // only read
	if f.Machine != elf.EM_X86_64 || f.Class != elf.ELFCLASS64 {
		return fmt.Errorf("it is a program for %s, and a guest is x86-64: build it with GOOS=linux GOARCH=amd64", f.Machine)
	}
	if slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return errors.New("it is dynamically linked, and a guest has no libraries: link it with -static, or for Go build it with CGO_ENABLED=0")
	}
	return nil
}

// cSuffix ends the names of C files.
const cSuffix = ".c"

// compileC builds a C file for the guest, where there is no libc.
func compileC(ctx context.Context, file, binary string) error {
	cc := cmp.Or(os.Getenv("CC"), "cc")
	words := strings.Fields(cc)
	if _, err := exec.LookPath(words[0]); err != nil {
		return fmt.Errorf("%s, which compiles it, is not on PATH: install a C compiler (Debian: apt-get install gcc libc6-dev), name one by CC, or give a static binary", words[0])
	}
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], "-O2", "-g", "-static", "-pthread", "-o", binary, file)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%s failed:\n%s", words[0], bytes.TrimSpace(out))
	}
	return nil
}

// isGoTest reports whether a program is a compiled Go test. It must not be
// run to find out: it may be made for a throw-away machine.
func isGoTest(binary string) bool {
	info, err := buildinfo.ReadFile(binary)
	return err == nil && strings.HasSuffix(info.Path, suiteSuffix)
}

// own returns the user's suite of that name.
func (l *Lab) own(suite string) (OwnSuite, bool) {
	i := slices.IndexFunc(l.cfg.Own, func(s OwnSuite) bool { return s.Name == suite })
	if i < 0 {
		return OwnSuite{}, false
	}
	return l.cfg.Own[i], true
}

// workDir is where the tests of an own suite start in the guest.
func (s OwnSuite) workDir() string { return path.Join("/own", s.Name) }

// files are those of the suite, by their place in the guest.
func (s OwnSuite) files() (map[string]string, error) {
	files, err := filesOf(s.Dir, s.workDir(), !s.ready)
	if err != nil {
		return nil, err
	}
	files[path.Join(suiteDir, s.Name+suiteSuffix)] = s.Binary
	if s.Program != "" {
		files[path.Join(s.workDir(), protocol.ProgramFile)] = s.Program
	}
	return files, nil
}
