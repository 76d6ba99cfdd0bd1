// Package bundle packs a reproducer that needs no lab: a kernel, its
// configuration, an initramfs, a disk, and a script that needs only QEMU and a
// shell. The lab configures the VM.
package bundle

import (
	"archive/tar"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/splicelab/splicelab/internal/shell"
	labexec "github.com/splicelab/splicelab/lab/exec"
	"github.com/splicelab/splicelab/lab/report"
	"github.com/splicelab/splicelab/lab/vm"
)

// Bundle is the content of a bundle.
type Bundle struct {
	Machine labexec.Standalone
	Report  report.Report
	// Timeout is the limit of one attempt.
	Timeout time.Duration
	// Expected is the output of the attempts when the bundle was made.
	Expected string
	// Version is the version of splicelab.
	Version string
}

// The files of a bundle besides those of its VM.
const (
	scriptFile   = "repro.sh"
	reportFile   = "report.yaml"
	expectedFile = "expected.txt"
	argsFile     = "args.txt"
)

// Suffix is the file name extension of a bundle.
const Suffix = ".tar.zst"

//go:embed repro.sh
var reproScript string

// Write writes the bundle as a compressed tar archive with one top-level
// directory, name.
func (b Bundle) Write(ctx context.Context, w io.Writer, name string) error {
	z, err := zstd.NewWriter(w)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	err = b.files(ctx, t, name)
	return errors.Join(err, t.Close(), z.Close())
}

func (b Bundle) files(ctx context.Context, t *tar.Writer, name string) error {
	var reportText strings.Builder
	comment := "What this bundle reproduces."
	if b.Report.Source == nil && len(b.Report.TestsFrom) == 0 {
		comment += " To reproduce it with the lab: splicelab repro report.yaml"
	}
	if err := b.Report.Write(&reportText, comment); err != nil {
		return err
	}
	for _, f := range []struct {
		name, text string
		mode       int64
	}{{scriptFile, b.script(), 0o755}, {reportFile, reportText.String(), 0o644}, {expectedFile, b.Expected, 0o644}, {argsFile, b.args(), 0o644}} {
		h := &tar.Header{Name: path.Join(name, f.name), Mode: f.mode, Size: int64(len(f.text)), Typeflag: tar.TypeReg, ModTime: time.Unix(0, 0)}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if _, err := io.WriteString(t, f.text); err != nil {
			return err
		}
	}
	for _, file := range slices.Sorted(maps.Keys(b.Machine.Files)) {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := add(t, path.Join(name, file), b.Machine.Files[file]); err != nil {
			return err
		}
	}
	return nil
}

func add(t *tar.Writer, name, from string) (err error) {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: st.Size(), Typeflag: tar.TypeReg, ModTime: time.Unix(0, 0)}); err != nil {
		return err
	}
	_, err = io.Copy(t, f)
	return err
}

// args is QEMU's command line, for the reader.
func (b Bundle) args() string {
	args := append(slices.Clone(b.Machine.Args[b.Machine.Accel]), vm.StandalonePorts(b.Machine.Arch, "console.log", "control.jsonl", "output.txt")...)
	return b.Machine.Arch.QEMU.Binary + " " + shell.Join(args) + "\n"
}

func (b Bundle) script() string {
	var args, ports strings.Builder
	// The script expands $out, which needs no quotes of its own.
	for _, arg := range vm.StandalonePorts(b.Machine.Arch, "$out/console.log", "$out/control.jsonl", "$out/output.txt") {
		fmt.Fprintf(&ports, " \"%s\"", arg)
	}
	for _, accel := range []vm.Accel{vm.TCG, vm.KVM} {
		fmt.Fprintf(&args, "\t%s)\n\t\tset -- %s\n\t\tset -- \"$@\"%s\n\t\t;;\n", accel, shell.Join(b.Machine.Args[accel]), ports.String())
	}
	title := strings.Join(strings.Fields(b.Report.Title+" ("+b.Report.Test+" on "+b.Report.Filesystem+")"), " ")
	return strings.NewReplacer(
		"@QEMU@", b.Machine.Arch.QEMU.Binary, "@PACKAGE@", b.Machine.Arch.QEMU.Package,
		"@TITLE@", title, "@VERSION@", b.Version, "@ACCEL@", string(b.Machine.Accel), "@TIMEOUT@", strconv.Itoa(int(b.Timeout.Seconds())), "@TRIES@", strconv.Itoa(b.Report.Repetitions),
		"@TEST@", shell.Quote(b.Machine.Test), "@VERDICT@", shell.Quote(string(b.Report.Expect.Verdict)), "@OUTCOME@", shell.Quote(string(b.Report.Expect.Outcome)),
		"@ARGS@\n", args.String(),
	).Replace(reproScript)
}

// CheckError reports that a bundle does not reproduce its report.
type CheckError struct{ Output string }

func (e *CheckError) Error() string {
	return "the bundle does not reproduce the report in a clean directory:  " + strings.TrimSpace(e.Output)
}

// Check unpacks a bundle into dir, which must be empty, and runs its script
// once, with only PATH of this process's environment. The error is a
// *CheckError if that does not reproduce the report.
func Check(ctx context.Context, file, dir, qemu string) error {
	if err := unpack(file, dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		return errors.Join(err, fmt.Errorf("%s contains %d directories, not one", file, len(entries)))
	}
	cmd := exec.CommandContext(ctx, "sh", filepath.Join(dir, entries[0].Name(), scriptFile))
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "QEMU=" + qemu}
	// On SIGTERM the script terminates QEMU.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		return &CheckError{string(out)}
	}
	return err
}

// unpack unpacks a bundle that Write wrote.
func unpack(file, dir string) (err error) {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := zstd.NewReader(f)
	if err != nil {
		return err
	}
	defer z.Close()
	t := tar.NewReader(z)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !filepath.IsLocal(h.Name) {
			return fmt.Errorf("%s: %q is outside of the directory", file, h.Name)
		}
		to := filepath.Join(dir, h.Name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := extract(t, to, fs.FileMode(h.Mode)); err != nil {
			return err
		}
	}
}

func extract(t io.Reader, to string, mode fs.FileMode) error {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, t)
	return errors.Join(err, f.Close())
}
