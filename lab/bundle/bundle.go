// Package bundle packs what shows a report again without the lab: a kernel,
// its configuration, an initramfs, a disk, and a script that needs QEMU and a
// shell alone. How the machine is made is the lab's business.
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

	"github.com/splicelab/splicelab/internal/shell"

	"github.com/klauspost/compress/zstd"

	labexec "github.com/splicelab/splicelab/lab/exec"
	"github.com/splicelab/splicelab/lab/report"
	"github.com/splicelab/splicelab/lab/vm"
)

// Bundle is what goes into one.
type Bundle struct {
	Machine labexec.Standalone
	Report  report.Report
	Accel   vm.Accel // with which it was seen
	// Timeout is for one try.
	Timeout time.Duration
	// Expected is what the tries came to when the bundle was made, for people.
	Expected string
	// Version is the lab's.
	Version string
}

// The files of a bundle beside those of its machine.
const (
	scriptFile   = "repro.sh"
	reportFile   = "report.yaml"
	expectedFile = "expected.txt"
	argsFile     = "args.txt"
)

// Suffix is how the name of a bundle ends.
const Suffix = ".tar.zst"

//go:embed repro.sh
var reproScript string

// Write writes the bundle as a compressed tar archive, in which everything is
// below the directory name.
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
	comment := "What this bundle shows."
	if b.Report.Source == nil && len(b.Report.TestsFrom) == 0 {
		comment += " Try it with the lab: splicelab repro report.yaml"
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

// args is QEMU's command line for people.
func (b Bundle) args() string {
	return "qemu-system-x86_64 " + shell.Join(b.Machine.Args[b.Accel]) +
		" -serial file:console.log -serial file:control.jsonl -serial file:output.txt\n"
}

func (b Bundle) script() string {
	var args strings.Builder
	for _, accel := range []vm.Accel{vm.TCG, vm.KVM} {
		fmt.Fprintf(&args, "\t%s)\n\t\tset -- %s\n\t\tset -- \"$@\" -serial \"file:$out/console.log\" -serial \"file:$out/control.jsonl\" -serial \"file:$out/output.txt\"\n\t\t;;\n", accel, shell.Join(b.Machine.Args[accel]))
	}
	title := strings.Join(strings.Fields(b.Report.Title+" ("+b.Report.Test+" on "+b.Report.Filesystem+")"), " ")
	return strings.NewReplacer(
		"@TITLE@", title, "@VERSION@", b.Version, "@ACCEL@", string(b.Accel), "@TIMEOUT@", strconv.Itoa(int(b.Timeout.Seconds())), "@TRIES@", strconv.Itoa(b.Report.Repetitions),
		"@TEST@", shell.Quote(b.Machine.Test), "@VERDICT@", shell.Quote(string(b.Report.Expect.Verdict)), "@OUTCOME@", shell.Quote(string(b.Report.Expect.Outcome)),
		"@ARGS@\n", args.String(),
	).Replace(reproScript)
}

// CheckError says that a bundle does not show what it is made for.
type CheckError struct{ Output string }

func (e *CheckError) Error() string {
	return "the bundle does not show it in a clean directory: " + strings.TrimSpace(e.Output)
}

// Check unpacks a bundle into dir, which must be empty, and runs its script
// there, once and with nothing of this process's environment but PATH. The
// error is a *CheckError where that does not show the report again.
func Check(ctx context.Context, file, dir, qemu string) error {
	if err := unpack(file, dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		return errors.Join(err, fmt.Errorf("%s holds %d directories, not one", file, len(entries)))
	}
	cmd := exec.CommandContext(ctx, "sh", filepath.Join(dir, entries[0].Name(), scriptFile))
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "QEMU=" + qemu}
	// The script ends its QEMU when it is asked to end.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		return &CheckError{string(out)}
	}
	return err
}

// unpack unpacks a bundle, which the lab has made itself.
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
			return fmt.Errorf("%s: %q leads out of the directory", file, h.Name)
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
