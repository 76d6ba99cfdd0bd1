package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/confine"
	"github.com/splicelab/splicelab/internal/osfile"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/source/git"
)

func isTarball(path string) bool {
	for _, suffix := range []string{".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.zst", ".tar.bz2"} {
		if strings.HasSuffix(path, suffix) {
			return true
		}
	}
	return false
}

// fetch prepares and identifies the source.
func (p *Prepared) fetch(ctx context.Context, dir string) error {
	patches, err := p.readPatches()
	if err != nil {
		return err
	}
	switch {
	case p.Build.Ref != "":
		err = p.checkout(ctx, dir)
	case isTarball(p.Build.Tree):
		err = p.unpack(ctx, dir, patches)
	default:
		err = p.inPlace()
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(p.src, "Kconfig")); err != nil {
		why := p.Build.Tree + " is not a kernel source tree: it has no Kconfig"
		return p.blame(why, why)
	}
	if p.Build.Ref != "" {
		if err := p.patch(ctx, patches); err != nil {
			return err
		}
	}
	lines := ""
	for _, patch := range patches {
		p.Source += " " + digest(string(patch))
		lines += digest(string(patch)) + "\n"
	}
	if p.Checkout.Commit != "" && lines != "" {
		p.Checkout.Patches = digest(lines)
	}
	return nil
}

func (p *Prepared) readPatches() ([][]byte, error) {
	var all [][]byte
	for _, name := range p.Build.Patches {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, p.fault("patch: %s", err)
		}
		all = append(all, b)
	}
	return all, nil
}

// inPlace uses a directory as it is.
func (p *Prepared) inPlace() error {
	abs, err := filepath.Abs(p.Build.Tree)
	if err != nil {
		return err
	}
	switch st, err := os.Stat(abs); {
	case err != nil:
		return p.fault("tree: %s", err)
	case !st.IsDir():
		return p.fault("tree %s is neither a directory nor a tarball", p.Build.Tree)
	}
	for _, left := range []string{".config", "include/config"} {
		if _, err := os.Stat(filepath.Join(abs, left)); err == nil {
			return p.fault("source tree %s is not clean, it contains an in-tree build: run make mrproper there, or name a ref", abs)
		}
	}
	p.src = abs
	sum, err := treeDigest(abs)
	p.Source = "tree " + sum
	return err
}

// treeDigest covers the names and contents of all files except git's.
func treeDigest(dir string) (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == ".git" {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil || d.IsDir() {
			return err
		}
		if d.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(path)
			fmt.Fprintf(h, "link %s\x00%s\x00", rel, target)
			return err
		}
		if !d.Type().IsRegular() {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // only read
		info, err := f.Stat()
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "file %s\x00%d\x00", rel, info.Size())
		_, err = io.Copy(h, f)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

// unpack unpacks a tarball, unless the same one with the same patches has been
// unpacked already: then the build is incremental.
func (p *Prepared) unpack(ctx context.Context, dir string, patches [][]byte) error {
	f, err := os.Open(p.Build.Tree)
	if err != nil {
		return p.fault("tree: %s", err)
	}
	h := sha256.New()
	_, err = io.Copy(h, f)
	if err = errors.Join(err, f.Close()); err != nil {
		return p.fault("tree: %s", err)
	}
	sum := hex.EncodeToString(h.Sum(nil))
	parts := []string{sum}
	for _, patch := range patches {
		parts = append(parts, string(patch))
	}
	mark, want := dir+".of", digest(parts...)
	p.src, p.Source = dir, "tarball "+sum
	if have, err := os.ReadFile(mark); err == nil && string(have) == want {
		return nil
	}
	if err := errors.Join(remove(mark), os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return err
	}
	if _, err := p.run(ctx, confine.Policy{Execute: append(confine.System, p.Build.Tree), WriteDirs: []string{dir}, KeepUser: true}, "", "tar", "--extract", "--strip-components=1", "--no-same-owner", "--directory", dir, "--file", p.Build.Tree); err != nil {
		return err
	}
	if err := p.patch(ctx, patches); err != nil {
		return err
	}
	return os.WriteFile(mark, []byte(want), 0o644)
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// checkout checks a commit out in the lab's own clone, which shares the
// repository's objects and does not modify it. Unchanged files keep their mtime,
// so that make builds only what changed.
func (p *Prepared) checkout(ctx context.Context, dir string) error {
	repository := p.Build.Tree
	if _, err := os.Stat(repository); err == nil {
		if repository, err = filepath.Abs(repository); err != nil {
			return err
		}
	} else if !strings.Contains(repository, ":") {
		return p.fault("repository not found: %s", err)
	}
	p.src = dir
	origin, err := p.git(ctx, "remote", "get-url", "origin")
	if err != nil || strings.TrimSpace(origin) != repository {
		if err := p.clone(ctx, repository, dir); err != nil {
			return err
		}
	}
	// We hold the build's lock: a git lock file is left over from a killed process.
	for _, left := range []string{"index.lock", "HEAD.lock"} {
		if err := remove(filepath.Join(dir, ".git", left)); err != nil {
			return err
		}
	}
	commit, err := p.commit(ctx, p.Build.Ref)
	if err != nil {
		// The ref may be newer than the clone.
		if _, ferr := p.git(ctx, "fetch", "--quiet", "--tags", "origin"); ferr != nil {
			return p.fault("cannot read the repository %s: %s", repository, ferr)
		}
		if commit, err = p.commit(ctx, p.Build.Ref); err != nil {
			return p.fault("%s has no ref %q", repository, p.Build.Ref)
		}
	}
	if _, err := p.git(ctx, "checkout", "--quiet", "--force", "--detach", commit); err != nil {
		return err
	}
	if _, err := p.git(ctx, "clean", "-dfxq"); err != nil {
		return err
	}
	p.Checkout = kernels.Checkout{Commit: commit, Repository: publicURL(repository)}
	tree, err := p.git(ctx, "rev-parse", "HEAD^{tree}")
	p.Source = "git " + strings.TrimSpace(tree)
	return err
}

// publicURL is a repository's URL without a password; empty for a local
// repository.
func publicURL(repository string) string {
	u, err := url.Parse(repository)
	if err != nil || u.Host == "" {
		return ""
	}
	u.User = nil
	return u.String()
}

// clone creates the lab's own clone, under a temporary name until it is complete.
func (p *Prepared) clone(ctx context.Context, repository, dir string) error {
	part := dir + ".part"
	if err := errors.Join(os.RemoveAll(part), os.RemoveAll(dir)); err != nil {
		return err
	}
	args := []string{"clone", "--quiet", "--no-checkout"}
	if filepath.IsAbs(repository) {
		args = append(args, "--shared")
	}
	if _, err := p.gitIn(ctx, "", append(args, repository, part)...); err != nil {
		return err
	}
	return osfile.PublishDir(part, dir)
}

// commit resolves a ref of the repository in the clone, where its branches are
// remote-tracking branches.
func (p *Prepared) commit(ctx context.Context, ref string) (string, error) {
	var out string
	var err error
	for _, name := range []string{"refs/remotes/origin/" + ref, ref} {
		if out, err = p.git(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}"); err == nil {
			break
		}
	}
	return strings.TrimSpace(out), err
}

func (p *Prepared) git(ctx context.Context, args ...string) (string, error) {
	return p.gitIn(ctx, p.src, args...)
}

func (p *Prepared) gitIn(ctx context.Context, dir string, args ...string) (string, error) {
	out, err := git.Run(ctx, dir, args...)
	var failed *git.Error
	if errors.As(err, &failed) {
		err = p.failed("git "+failed.Command, fmt.Errorf("exit status %d", failed.Code), failed.Output)
	}
	return out, err
}

func (p *Prepared) patch(ctx context.Context, patches [][]byte) error {
	for i, text := range patches {
		cmd := exec.CommandContext(ctx, "patch", "--strip=1", "--batch", "--forward", "--fuzz=0")
		var out bytes.Buffer
		cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = p.src, bytes.NewReader(text), &out, &out
		cmd.Env = append(os.Environ(), "TMPDIR="+p.src)
		// A patch can name files outside the tree, and commands to run.
		policy := confine.Policy{Execute: confine.System, WriteDirs: []string{p.src}, KeepUser: true}
		switch err := policy.Run(ctx, cmd); {
		case err != nil && ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			why := "patch " + p.Build.Patches[i] + " does not apply"
			return p.blame(why, why+": "+lastLines(out.String(), 5))
		}
	}
	return nil
}

// run runs a program and returns its standard output; the error quotes the end
// of its standard error.
func (p *Prepared) run(ctx context.Context, policy confine.Policy, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if name == "make" {
		cmd.Env = p.makeEnv()
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := policy.Run(ctx, cmd); err != nil {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		return stdout.String(), p.failed(name+" "+args[0], err, stderr.String())
	}
	return stdout.String(), nil
}

// failed explains a program's failure.
func (p *Prepared) failed(what string, err error, output string) error {
	output = strings.ReplaceAll(output, p.src+"/", "")
	if strings.Contains(output, "No space left on device") {
		return &NoSpaceError{Build: p.Build.Name, Step: what}
	}
	// The source is not to blame for a compiler that was killed, for instance by
	// the OOM killer.
	if strings.Contains(output, "Killed signal terminated program") || strings.Contains(output, "virtual memory exhausted") {
		return &NoMemoryError{Build: p.Build.Name, Step: what}
	}
	return p.fault("%s: %s: %s", what, err, lastLines(output, 15))
}

// firstError is the first line in which a compiler or a linker names an error,
// else the last line.
func firstError(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	for _, mark := range []string{" error: ", "undefined reference"} {
		if i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, mark) }); i >= 0 {
			return lines[i]
		}
	}
	return lines[len(lines)-1]
}

// lastLines returns the end of a program's output.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
