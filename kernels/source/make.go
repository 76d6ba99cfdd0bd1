package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/kernels"
)

// makeArgs are passed to every make: they keep builder, path and time out of the
// kernel, so that builds are reproducible.
func (p *Prepared) makeArgs(args []string) []string {
	cc := p.cc
	if path, err := exec.LookPath("ccache"); err == nil && !strings.Contains(cc, "ccache") {
		cc = path + " " + cc
	}
	return slices.Concat([]string{"-C", p.src, "O=" + p.obj}, p.targetArgs(), []string{"CC=" + cc,
		"KBUILD_BUILD_USER=splicelab", "KBUILD_BUILD_HOST=splicelab", "KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970", "KBUILD_BUILD_VERSION=1",
		"KCFLAGS=", "LOCALVERSION="}, args)
}

// makeEnv lets ccache share objects between builds, by making paths relative to
// the common parent directory.
func (p *Prepared) makeEnv() []string {
	base := filepath.Dir(filepath.Dir(p.obj))
	return append(os.Environ(), "LC_ALL=C", "CCACHE_BASEDIR="+base, "CCACHE_NOHASHDIR=1", "CCACHE_DIR="+ccacheDir(), "TMPDIR="+p.obj)
}

// make runs make and returns its output.
func (p *Prepared) make(ctx context.Context, args ...string) (string, error) {
	return p.makeInto(ctx, "", args...)
}

// makeInto is make for a target that also writes to a directory.
func (p *Prepared) makeInto(ctx context.Context, dir string, args ...string) (string, error) {
	policy := p.policy()
	if dir != "" {
		policy.WriteDirs = append(policy.WriteDirs, dir)
	}
	out, err := p.run(ctx, policy, p.src, "make", p.makeArgs(args)...)
	return out, blameSource(err)
}

// blameSource attributes a failed make to the source.
func blameSource(err error) error {
	var fault *Error
	if errors.As(err, &fault) {
		fault.Source, fault.Summary = true, firstError(fault.Reason)
	}
	return err
}

// Fetch builds the kernel unless it is in the store, and returns it.
func (p *Prepared) Fetch(ctx context.Context) (kernels.Kernel, error) {
	entry, err := p.Entry()
	if err != nil {
		return kernels.Kernel{}, err
	}
	k, err := p.builder.Store.Put(ctx, p.Key, func(ctx context.Context, dir string) (kernels.Facts, error) {
		if err := p.compile(ctx); err != nil {
			return kernels.Facts{}, err
		}
		if err := p.install(ctx, dir); err != nil {
			return kernels.Facts{}, err
		}
		return kernels.Facts{Release: p.Release, Version: entry.Version, Arch: p.arch.Name, Flavour: "build", Origin: entry.Origin + " (" + p.Source + ")"}, nil
	})
	k.Checkout = p.Checkout
	return k, err
}

// compile builds the image and the modules in the object directory,
// incrementally.
func (p *Prepared) compile(ctx context.Context) error {
	// make inherits the lock: if the lab is killed, the next build waits for make.
	lock, err := p.builder.Store.LockFile(ctx, "make-"+p.Build.Name)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }() // never written to
	if err := p.sweep(); err != nil {
		return err
	}
	objects, err := os.OpenRoot(p.obj)
	if err != nil {
		return err
	}
	log, err := objects.Create("build.log")
	_ = objects.Close() // only used to open the file
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // informational only
	cmd := exec.CommandContext(ctx, "make", p.makeArgs([]string{"-j" + strconv.Itoa(p.builder.jobs()), p.arch.Kernel.Target, "modules"})...)
	cmd.Env = p.makeEnv()
	// make is stopped with the lab; on SIGTERM it removes incomplete files.
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGTERM}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGTERM) }
	cmd.WaitDelay = makeGrace
	cmd.ExtraFiles = []*os.File{lock}
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	wait, err := p.policy().Start(cmd)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		err := wait()
		_ = w.Close() // never fails
		ended <- err
	}()
	known, config := p.counted(), digest(string(p.Config))
	done, tail := p.follow(r, log, known.expected(config))
	if err := <-ended; err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err = blameSource(p.failed("make", err, tail))
		return errors.Join(p.clean(), fmt.Errorf("%w\nfull log: %s", err, log.Name()))
	}
	p.writeCounted(known.then(config, done))
	return p.clean()
}

// makeGrace is how long make may take to exit after SIGTERM.
const makeGrace = 20 * time.Second

// unfinished marks an object directory in which make is running or was killed.
const unfinished = ".unfinished"

// justBefore exceeds the time that any program of a build takes to write a file.
const justBefore = time.Minute

// sweep marks the object directory as in use. If the mark exists already, the
// last make was killed, perhaps while writing a file that the next make would
// consider complete: the most recently written files are removed.
func (p *Prepared) sweep() error {
	mark := filepath.Join(p.obj, unfinished)
	_, err := os.Stat(mark)
	if errors.Is(err, fs.ErrNotExist) {
		return p.writeObject(unfinished, nil)
	}
	if err != nil {
		return err
	}
	written := map[string]time.Time{}
	var last time.Time
	err = filepath.WalkDir(p.obj, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if ext := filepath.Ext(path); ext != ".o" && ext != ".a" && ext != ".ko" && d.Name() != "vmlinux" {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		written[path] = info.ModTime()
		if info.ModTime().After(last) {
			last = info.ModTime()
		}
		return nil
	})
	for path, at := range written {
		if !at.Before(last.Add(-justBefore)) {
			err = errors.Join(err, remove(path))
		}
	}
	return err
}

// clean removes the mark: make exited normally, and removed incomplete files.
func (p *Prepared) clean() error { return remove(filepath.Join(p.obj, unfinished)) }

// install copies the build into a store entry.
func (p *Prepared) install(ctx context.Context, dir string) error {
	p.step("installing")
	for from, to := range map[string]string{p.arch.Kernel.Image: kernels.BootFile, ".config": kernels.ConfigFile} {
		b, err := p.readObject(from)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, to), b, 0o644); err != nil {
			return err
		}
	}
	if p.Options["CONFIG_MODULES"] != "y" {
		return nil
	}
	root := filepath.Join(dir, ".install")
	// depmod is not needed: the lab reads the modules' .modinfo.
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	if _, err := p.makeInto(ctx, root, "-s", "INSTALL_MOD_PATH="+root, "INSTALL_MOD_STRIP=1", "DEPMOD=true", "modules_install"); err != nil {
		return err
	}
	modules := filepath.Join(root, "lib", "modules", p.Release)
	for _, link := range []string{"build", "source"} {
		if err := remove(filepath.Join(modules, link)); err != nil {
			return err
		}
	}
	if err := os.Rename(modules, filepath.Join(dir, kernels.ModulesDir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(root)
}

// writeObject and readObject access a file of the object directory, and follow
// no link out of it: make may have put one there.
func (p *Prepared) writeObject(name string, content []byte) error {
	root, err := os.OpenRoot(p.obj)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // a directory
	return root.WriteFile(name, content, 0o644)
}

func (p *Prepared) readObject(name string) ([]byte, error) {
	f, err := os.OpenInRoot(p.obj, name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	return io.ReadAll(f)
}
