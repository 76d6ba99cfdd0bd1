package report

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/splicelab/splicelab/kernels"
)

// UntrustedError reports that a report is more than data.
type UntrustedError struct {
	File string
	// Needs says what the report would do on this host, one item each.
	Needs []string
}

func (e *UntrustedError) Error() string {
	return fmt.Sprintf("report %s needs your trust: it %s", e.File, strings.Join(e.Needs, "; it "))
}

// BadInput marks an error that the user has to correct.
func (*UntrustedError) BadInput() {}

// CheckTrust returns an *UntrustedError if reproducing the report, which was
// read from file, runs code of its author on this host, or reads files that are
// not below the report's directory. Without such parts a report is data: it
// chooses a kernel, a filesystem, a test and what to expect.
func (r Report) CheckTrust(file string) error {
	e := &UntrustedError{File: file}
	need := func(format string, args ...any) { e.Needs = append(e.Needs, fmt.Sprintf(format, args...)) }
	for _, from := range r.TestsFrom {
		need("compiles or runs %q, where its test comes from", from)
	}
	if s := r.Source; s != nil {
		what := fmt.Sprintf("builds a kernel from %q with make", s.Tree)
		if s.Ref != "" {
			what += fmt.Sprintf(" at %q", s.Ref)
		}
		if len(s.Patches) > 0 {
			what += fmt.Sprintf(", patched with %q", s.Patches)
		}
		if s.Compiler != "" {
			what += fmt.Sprintf(", with the compiler %q", s.Compiler)
		}
		need("%s", what)
	}
	paths, err := kernels.FilePaths(r.Kernel)
	if err != nil {
		return err
	}
	for _, path := range paths {
		if !below(filepath.Dir(file), path) {
			need("boots the file %q, which is not below its directory", path)
		}
	}
	if len(e.Needs) == 0 {
		return nil
	}
	return e
}

// below reports whether path lies below dir, also when symbolic links are
// followed.
func below(dir, path string) bool {
	for _, p := range []*string{&dir, &path} {
		abs, err := filepath.Abs(*p)
		if err != nil {
			return false
		}
		switch followed, err := filepath.EvalSymlinks(abs); {
		case err == nil:
			*p = followed
		case errors.Is(err, fs.ErrNotExist):
			*p = abs // there is nothing to follow
		default:
			return false
		}
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}
