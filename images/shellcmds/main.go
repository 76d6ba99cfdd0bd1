// Command shellcmds builds the u-root commands listed in images.ShellCommands
// into one static multi-call binary for the guest, which an initramfs includes
// as its Commands. It compiles them in u-root's module, so that their many
// dependencies do not become this module's.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/u-root/gobusybox/src/pkg/bb"
	"github.com/u-root/gobusybox/src/pkg/golang"

	"github.com/splicelab/splicelab/images"
)

const uroot = "github.com/u-root/u-root"

func main() {
	out := flag.String("o", "bin/guest/bb", "`path` of the binary to write")
	goarch := flag.String("arch", runtime.GOARCH, "`architecture` of the guest")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "shellcmds: unexpected argument %q\n", flag.Arg(0))
		flag.Usage()
		os.Exit(2)
	}
	if err := build(*out, *goarch); err != nil {
		fmt.Fprintf(os.Stderr, "shellcmds: %v\n", err)
		os.Exit(3)
	}
}

// build writes the binary to out, and only on success.
func build(out, goarch string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	dir, err := moduleDir(uroot)
	if err != nil {
		return err
	}
	var commands []string
	for _, name := range images.ShellCommands {
		commands = append(commands, filepath.Join(dir, "cmds", "core", name))
	}
	// gosh keeps its default line editor: with the smaller ones, selected by
	// build tags, Ctrl-C ends the shell (goshliner) or exit does not
	// (goshsmall).
	env := golang.Default(golang.DisableCGO(), golang.WithGOOS("linux"), golang.WithGOARCH(goarch))
	env.Dir = dir
	if err := env.CompilerInit(); err != nil {
		return fmt.Errorf("finding the Go compiler: %w", err)
	}
	generated, err := os.MkdirTemp("", "splicelab-bb-*")
	if err != nil {
		return err
	}
	tmp := out + ".tmp"
	var trace bytes.Buffer // shown on failure; it is long otherwise
	err = bb.BuildBusybox(log.New(&trace, "", 0), &bb.Opts{
		Env:          env,
		GenSrcDir:    generated,
		CommandPaths: commands,
		BinaryPath:   tmp,
		// By default it compiles everything again, the standard library too, and
		// without inlining: that took half of a whole build for 0.3 MB less.
		GoBuildOpts: &golang.BuildOpts{EnableInlining: true, ExtraArgs: []string{"-a=false"}},
	})
	err = errors.Join(err, os.RemoveAll(generated))
	if err != nil {
		_, _ = io.Copy(os.Stderr, &trace)
		return errors.Join(fmt.Errorf("building u-root's commands: %w", err), os.RemoveAll(tmp))
	}
	return os.Rename(tmp, out)
}

// moduleDir returns the directory of a module that go.mod names.
func moduleDir(module string) (string, error) {
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	b, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go list -m %s: %w: %s", module, err, bytes.TrimSpace(stderr.Bytes()))
	}
	dir := string(bytes.TrimSpace(b))
	if dir == "" {
		return "", fmt.Errorf("module %s is not downloaded: run go mod download", module)
	}
	return dir, nil
}
