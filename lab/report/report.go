// Package report reads and writes report files: observations that are exact
// enough to be reproduced. A report names one kernel, one filesystem, one test
// and the expected result. The package knows only the file format, not how a
// report is run.
package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/outcome"
)

// Report is one report file.
type Report struct {
	// Title is one line that says what was observed.
	Title string `yaml:"title"`
	// Kernel is a selector of one kernel: 6.12.117, a full release,
	// file:PATH. Alternatively, Source says how to build it.
	Kernel string  `yaml:"kernel,omitempty"`
	Source *Source `yaml:"source,omitempty"`
	// Filesystem is the name of a profile.
	Filesystem string `yaml:"filesystem"`
	// Mkfs is the command that makes the filesystem, and MountOptions are
	// its mount options, if they differ from the profile's.
	Mkfs         []string `yaml:"mkfs,omitempty,flow"`
	MountOptions string   `yaml:"mount_options,omitempty"`
	// TestsFrom are Go packages, test binaries, programs or C files of a
	// user suite that contains the test. Paths are relative to the file.
	TestsFrom []string `yaml:"tests_from,omitempty"`
	// Test is the full name, suite.TestName/subtest.
	Test string `yaml:"test"`
	// Expect is what the report claims.
	Expect Expect `yaml:"expect"`
	// Repetitions is the number of attempts, each in a fresh VM; 1 to 1000,
	// default 1.
	Repetitions int `yaml:"repetitions,omitempty"`
	// Policy is the policy of the run; it matters only if a verdict is
	// expected. Default: snapshot.
	Policy outcome.Policy `yaml:"policy,omitempty"`
	// Memory of the VM in MiB, and number of CPUs; 0 is the lab's default.
	Memory int `yaml:"memory,omitempty"`
	CPUs   int `yaml:"cpus,omitempty"`
	// KernelArgs are appended to the kernel command line.
	KernelArgs string `yaml:"kernel_args,omitempty"`
	// Note is free text.
	Note string `yaml:"note,omitempty"`
}

// Source is a kernel to build, see source.Build. Paths that begin with a dot are
// relative to the file.
type Source struct {
	Tree      string   `yaml:"tree"`
	Ref       string   `yaml:"ref,omitempty"`
	Config    string   `yaml:"config,omitempty"` // default lab
	Fragments []string `yaml:"fragments,omitempty,flow"`
	Options   []string `yaml:"options,omitempty,flow"`
	Patches   []string `yaml:"patches,omitempty,flow"`
	Compiler  string   `yaml:"compiler,omitempty"`
	Arch      string   `yaml:"arch,omitempty"` // default: the host's
}

// Build is the build of the kernel under that name.
func (s Source) Build(name string) source.Build {
	return source.Build{Name: name, Tree: s.Tree, Ref: s.Ref, Base: s.Config, Fragments: s.Fragments, Options: s.Options, Patches: s.Patches, Compiler: s.Compiler, Arch: s.Arch}
}

// Expect is the result that reproduces the report. An empty field matches
// anything; at least one must be set.
type Expect struct {
	Verdict outcome.Verdict `yaml:"verdict,omitempty"`
	Outcome outcome.Outcome `yaml:"outcome,omitempty"`
}

// maxRepetitions catches typos.
const maxRepetitions = 1000

// Load reads a report file. The error names the file, the line if known, and
// the remedy.
func Load(path string) (Report, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Report{}, fmt.Errorf("report: %w", err)
	}
	return Parse(path, b)
}

// Parse parses the content of a report file; file is used in errors.
func Parse(file string, content []byte) (Report, error) {
	var r Report
	dec := yaml.NewDecoder(bytes.NewReader(content), yaml.Strict())
	switch err := dec.Decode(&r); {
	case errors.Is(err, io.EOF):
		return Report{}, fmt.Errorf("report %s: it is empty; docs/reports.md describes the format", file)
	case err != nil:
		return Report{}, fmt.Errorf("report %s: %s", file, strings.TrimSpace(yaml.FormatError(err, false, true)))
	}
	if r.Repetitions == 0 {
		r.Repetitions = 1
	}
	if r.Policy == "" {
		// That of a reporter, also where a run has another default.
		r.Policy = outcome.PolicySnapshot
	}
	// A leading dot makes it a path relative to the file; anything else is
	// a package or a name known to the lab.
	beside := func(paths []string) {
		for i, p := range paths {
			paths[i] = besideFile(file, p)
		}
	}
	beside(r.TestsFrom)
	if s := r.Source; s != nil {
		s.Tree, s.Config = besideFile(file, s.Tree), besideFile(file, s.Config)
		beside(s.Fragments)
		beside(s.Patches)
	}
	if err := r.validate(); err != nil {
		return Report{}, fmt.Errorf("report %s: %w", file, err)
	}
	return r, nil
}

// besideFile resolves a path that begins with a dot relative to the report
// file.
func besideFile(file, path string) string {
	if !strings.HasPrefix(path, ".") {
		return path
	}
	path = filepath.Join(filepath.Dir(file), path)
	if !filepath.IsAbs(path) {
		path = "." + string(filepath.Separator) + path
	}
	return path
}

func (r Report) validate() error {
	if r.Source != nil {
		if r.Kernel != "" {
			return errors.New("kernel and source exclude each other: keep one")
		}
		if err := r.Source.Build("report").Validate(); err != nil {
			return fmt.Errorf("source: %w", err)
		}
		r.Kernel = "build:report"
	}
	for _, f := range []struct{ key, value, example string }{
		{"kernel", r.Kernel, "6.12.117"}, {"filesystem", r.Filesystem, "xfs"}, {"test", r.Test, "splice.TestWrite/small-clean"},
	} {
		if strings.TrimSpace(f.value) == "" {
			return fmt.Errorf("%s is missing: add a line such as %q", f.key, f.key+": "+f.example)
		}
	}
	for _, f := range []struct{ key, value string }{{"kernel", r.Kernel}, {"filesystem", r.Filesystem}} {
		if strings.Contains(f.value, ",") || f.value == "all" {
			return fmt.Errorf("%s: %q selects several: a report is about one", f.key, f.value)
		}
	}
	if r.Expect == (Expect{}) {
		return errors.New("expect is missing: add what was observed, as in \"expect: {outcome: phantom-zero}\"")
	}
	if v := r.Expect.Verdict; v != "" && (!slices.Contains(outcome.Verdicts, v) || v == outcome.Infra) {
		return fmt.Errorf("expect.verdict: %q is not pass, fail, skip, crash, hang or boot-fail", v)
	}
	if o := r.Expect.Outcome; o != "" && !slices.Contains(outcome.All, o) {
		return fmt.Errorf("expect.outcome: %q is none of %s", o, strings.Trim(fmt.Sprint(outcome.All), "[]"))
	}
	if _, err := outcome.ParsePolicy(string(r.Policy)); err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	if r.Repetitions < 1 || r.Repetitions > maxRepetitions {
		return fmt.Errorf("repetitions: %d is not between 1 and %d", r.Repetitions, maxRepetitions)
	}
	if r.Memory < 0 || r.CPUs < 0 {
		return errors.New("memory and cpus cannot be negative")
	}
	return nil
}

// Met reports whether an attempt shows what is expected.
func (e Expect) Met(v outcome.Verdict, o outcome.Outcome) bool {
	return (e.Verdict == "" || e.Verdict == v) && (e.Outcome == "" || e.Outcome == o)
}

// String is the expectation as text.
func (e Expect) String() string {
	switch {
	case e.Verdict == "":
		return string(e.Outcome)
	case e.Outcome == "":
		return string(e.Verdict)
	}
	return string(e.Verdict) + " " + string(e.Outcome)
}

// Write writes r as a file that Load reads back. comment, if any, goes first.
func (r Report) Write(w io.Writer, comment string) error {
	var b bytes.Buffer
	for line := range strings.Lines(comment) {
		b.WriteString("# " + strings.TrimRight(line, "\n") + "\n")
	}
	text, err := yaml.Marshal(r)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	b.Write(text)
	_, err = b.WriteTo(w)
	return err
}
