// Package source builds kernels from a source tree, a tarball or a commit, with
// patches, and a configuration assembled from a base, fragments and single
// options. Builds are stored under the digest of all their inputs. It must not
// know what a kernel is used for.
package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/kernels"
)

// Build describes a kernel to build: an entry of kernels.builds in
// splicelab.yaml, selected as build:NAME.
type Build struct {
	// Name follows build: in a selector: letters, digits, dots and dashes.
	Name string `mapstructure:"name"`
	// Tree is the source: a directory, a tarball (.tar, .tar.gz, .tar.xz,
	// .tar.zst), or, with Ref, the path or URL of a git repository.
	Tree string `mapstructure:"tree"`
	// Ref is the commit, branch or tag to build. Default: the directory as it
	// is.
	Ref string `mapstructure:"ref"`
	// Base is the initial configuration: "lab" (default; only what the lab
	// needs), a target of the kernel's Makefile such as "defconfig",
	// "kernel:SELECTOR" (that of a distribution kernel), or a file.
	Base string `mapstructure:"base"`
	// Fragments are merged into it in order: a built-in one (lab, kasan,
	// lockdep, debug-vm, ubsan) or a file.
	Fragments []string `mapstructure:"fragments"`
	// Options are single options, such as CONFIG_XFS_FS=m or CONFIG_SMP=n. They
	// override base and fragments.
	Options []string `mapstructure:"options"`
	// Patches are applied in order, as by patch -p1. They need a git repository
	// with a Ref, or a tarball: a directory is never modified.
	Patches []string `mapstructure:"patches"`
	// Compiler is CC. Default "gcc", or the cross compiler of a foreign
	// architecture.
	Compiler string `mapstructure:"compiler"`
	// Arch is the architecture to build for, such as "arm64". Default: the host's.
	Arch string `mapstructure:"arch"`
}

// Builder builds kernels.
type Builder struct {
	Store *kernels.Store
	// Config returns the path of another kernel's configuration, for bases such
	// as kernel:6.12.
	Config func(ctx context.Context, selector string) (path string, err error)
	// Jobs is make's -j; default: the number of CPUs.
	Jobs int
	// OnStep is called for each step of a build; may be nil.
	OnStep func(Step)
}

// Step is the progress of a build.
type Step struct {
	What        string // "configuring", "compiling fs/xfs/xfs_file.o", …
	Done, Total int    // objects; Total 0 if unknown
}

var goodName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// Validate reports the first invalid field. It does not open the tree.
func (b Build) Validate() error {
	bad := func(format string, args ...any) error {
		return &Error{Name: b.Name, Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case b.Name == "":
		return errors.New("a build has no name: add a line such as \"name: mine\"")
	case !goodName.MatchString(b.Name):
		return bad("its name may only have letters, digits, dots and dashes")
	case b.Tree == "":
		return bad("tree is missing: name a source directory, a tarball or a git repository")
	case len(b.Patches) > 0 && b.Ref == "" && !isTarball(b.Tree):
		return bad("a directory cannot be patched: name a git repository and a ref, or a tarball")
	case b.Ref != "" && isTarball(b.Tree):
		return bad("a tarball has no ref")
	}
	if _, err := b.target(); err != nil {
		return bad("arch: %s", err)
	}
	for _, o := range b.Options {
		if !goodOption.MatchString(o) {
			return bad("option %q: write it like CONFIG_XFS_FS=m, or CONFIG_XFS_FS=n for off", o)
		}
	}
	return nil
}

// target is the architecture to build for.
func (b Build) target() (arch.Arch, error) {
	if b.Arch == "" {
		return arch.Default(), nil
	}
	return arch.Parse(b.Arch)
}

var goodOption = regexp.MustCompile(`^CONFIG_[A-Za-z0-9_]+=\S.*$`)

// Prepared is a build whose source and configuration are ready.
type Prepared struct {
	Build   Build
	Release string // what uname -r will print
	Source  string // a commit, or the digest of a tarball or tree
	Key     string // key in the store
	// Checkout is empty unless the source is a commit.
	Checkout kernels.Checkout
	Warning  string            // options of the lab's own fragments that this kernel does not accept
	Options  map[string]string // the whole configuration
	Config   []byte            // the same as text

	builder Builder
	src     string
	obj     string
	cc      string
	arch    arch.Arch
	unlock  func()
}

// Close unlocks the build's directories. It must be called; further calls do
// nothing.
func (p *Prepared) Close() { p.unlock() }

// Prepare fetches the source, applies the patches, creates the configuration and
// checks that it has the requested options. The error is an *Error if the
// request is to blame.
func (b Builder) Prepare(ctx context.Context, build Build) (*Prepared, error) {
	if err := build.Validate(); err != nil {
		return nil, err
	}
	dir, err := b.Store.Subdir(filepath.Join("source", build.Name))
	if err != nil {
		return nil, err
	}
	unlock, err := b.Store.Lock(ctx, "source-"+build.Name)
	if err != nil {
		return nil, err
	}
	p := &Prepared{Build: build, builder: b, unlock: unlock}
	p.setTarget(dir)
	if err := p.prepare(ctx, dir); err != nil {
		unlock()
		return nil, err
	}
	return p, nil
}

// Build prepares and builds a kernel unless it is in the store, and returns it.
func (b Builder) Build(ctx context.Context, build Build) (kernels.Kernel, error) {
	p, err := b.Prepare(ctx, build)
	if err != nil {
		return kernels.Kernel{}, err
	}
	defer p.Close()
	return p.Fetch(ctx)
}

func (p *Prepared) prepare(ctx context.Context, dir string) error {
	if err := p.checkTools(); err != nil {
		return err
	}
	p.step("fetching the source")
	if err := p.fetch(ctx, filepath.Join(dir, "src")); err != nil {
		return err
	}
	for _, dir := range []string{p.obj, ccacheDir()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return p.settle(ctx, true)
}

// Configure gives the same source another configuration: the base, fragments and
// options of build. Unless strict, an option that Kconfig rejects keeps Kconfig's
// value, without an error.
func (p *Prepared) Configure(ctx context.Context, build Build, strict bool) error {
	p.Build.Base, p.Build.Fragments, p.Build.Options = build.Base, build.Fragments, build.Options
	return p.settle(ctx, strict)
}

// settle creates the configuration and reads the resulting release and options.
// If strict, a missing requested option is an error.
func (p *Prepared) settle(ctx context.Context, strict bool) error {
	p.step("configuring")
	if err := p.configure(ctx, strict); err != nil {
		return err
	}
	// kernelrelease reads the configuration that the last build left behind.
	if _, err := p.make(ctx, "-s", "syncconfig"); err != nil {
		return err
	}
	release, err := p.make(ctx, "-s", "kernelrelease")
	if err != nil {
		return err
	}
	lines := strings.Fields(release)
	if len(lines) == 0 {
		return p.fault("make kernelrelease printed nothing")
	}
	p.Release = lines[len(lines)-1]
	if !releasePattern.MatchString(p.Release) {
		return p.fault("make kernelrelease printed %q, which is no kernel release", p.Release)
	}
	compiler, err := exec.CommandContext(ctx, p.cc, "--version").Output()
	if err != nil {
		return p.fault("%s --version: %s", p.cc, err)
	}
	p.Key = digest("build 1", p.Source, string(p.Config), string(compiler))
	return nil
}

// releasePattern is what a release may consist of: the tree decides it, and it
// becomes the name of a directory.
var releasePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+~-]{0,63}$`)

func (p *Prepared) step(format string, args ...any) {
	if p.builder.OnStep != nil {
		p.builder.OnStep(Step{What: fmt.Sprintf(format, args...)})
	}
}

func (p *Prepared) fault(format string, args ...any) error {
	return &Error{Name: p.Build.Name, Reason: fmt.Sprintf(format, args...)}
}

// blame returns an error attributed to the source. reason is in one line or has
// several, of which summary is the most relevant.
func (p *Prepared) blame(summary, reason string) error {
	return &Error{Name: p.Build.Name, Reason: reason, Source: true, Summary: summary}
}

// Entry describes the kernel to be built, for a run's list of kernels.
func (p *Prepared) Entry() (kernels.Entry, error) {
	v, err := kernelversion.Parse(p.Release)
	if err != nil {
		return kernels.Entry{}, p.fault("%s", err)
	}
	return kernels.Entry{Release: p.Release, Version: v, Arch: p.arch.Name, PageSize: kernels.PageSize(p.Options), Origin: "build:" + p.Build.Name, Cached: p.builder.Store.Has(p.Key), Modules: true}, nil
}

func (b Builder) jobs() int {
	if b.Jobs > 0 {
		return b.Jobs
	}
	return runtime.NumCPU()
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}
