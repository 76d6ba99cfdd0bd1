package images

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/confine"
	"github.com/splicelab/splicelab/internal/headtail"
)

// Tools are the directories in which the programs that make filesystems are
// looked for; the zero Tools are those where distributions and administrators
// install them. PATH does not matter: it may begin with a directory of the
// project at hand.
type Tools []string

var systemTools = Tools{"/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin", "/run/current-system/sw/bin"}

func (t Tools) directories() Tools {
	if len(t) == 0 {
		return systemTools
	}
	return t
}

// MissingToolError reports that the host has no mkfs for a profile.
type MissingToolError struct {
	Tool    string // e.g. "mkfs.f2fs"
	Package string // the Debian package that contains it, or empty
}

func (e *MissingToolError) Error() string {
	if e.Package == "" {
		return fmt.Sprintf("%s is not installed on this host", e.Tool)
	}
	return fmt.Sprintf("%s is not installed on this host: install %s", e.Tool, e.Package)
}

// Of returns the path of the profile's mkfs, or "" for a profile without a
// disk. The error is a *MissingToolError when the host lacks it: the lab then
// skips the profile.
func (t Tools) Of(p Profile) (string, error) {
	if len(p.Mkfs) == 0 {
		return "", nil
	}
	return t.find(p.Mkfs[0])
}

// find returns the path of a program of the closed list.
func (t Tools) find(name string) (string, error) {
	tool, known := mkfsTools[name]
	if !known {
		return "", &MissingToolError{Tool: name}
	}
	for _, dir := range t.directories() {
		path := filepath.Join(dir, name)
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() && unix.Access(path, unix.X_OK) == nil {
			return path, nil
		}
	}
	return "", &MissingToolError{Tool: name, Package: tool.pkg}
}

const (
	// maxToolOutput bounds what is quoted of a failed mkfs, in bytes.
	maxToolOutput = 4096
	// toolMemory, toolTime and toolCPU bound a mkfs, which needs a small part of
	// each even for the largest disk.
	toolMemory = 4 << 30
	toolTime   = 10 * time.Minute
	toolCPU    = 5 * time.Minute
)

// fixedTime is the timestamp passed to mkfs tools, for reproducible images
// (2023-06-29, the day of the report that the suite is about).
const fixedTime = "1687996800"

// command is a tool that sees neither the host's environment nor, with this
// policy, its files.
func (t Tools) command(ctx context.Context, tool string, args ...string) (*exec.Cmd, confine.Policy) {
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Dir = "/"
	cmd.Env = []string{
		"PATH=" + strings.Join(t.directories(), ":"), "LC_ALL=C", "TZ=UTC",
		"SOURCE_DATE_EPOCH=" + fixedTime,   // most tools
		"E2FSPROGS_FAKE_TIME=" + fixedTime, // mke2fs before 1.47.1
		"DETERMINISTIC_SEED=1",             // mkfs.xfs: its random numbers
		"MKE2FS_CONFIG=/nonexistent",       // the tool's defaults, not this host's
	}
	return cmd, confine.Policy{
		Execute: slices.Concat(t.directories(), confine.System),
		Limits:  confine.Limits{AddressSpace: toolMemory, CPU: toolCPU},
	}
}

// mkfs runs the tool on the image. A tool that succeeds without having written
// anything has failed, too.
func (t Tools) mkfs(ctx context.Context, tool string, args []string, image *os.File) error {
	st, err := image.Stat()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, toolTime, fmt.Errorf("%s took more than %v", tool, toolTime))
	defer cancel()
	cmd, policy := t.command(ctx, tool, append(slices.Clone(args), image.Name())...)
	policy.Read = mkfsTools[filepath.Base(tool)].reads
	policy.Write = []string{image.Name()}
	policy.Limits.FileSize = uint64(st.Size())
	out := headtail.New(maxToolOutput)
	cmd.Stdout, cmd.Stderr = out, out
	err = policy.Run(ctx, cmd)
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("%s: %w: %q", strings.Join(append([]string{tool}, args...), " "), err, strings.TrimSpace(out.String()))
	}
	if _, err := image.Seek(0, unix.SEEK_DATA); errors.Is(err, unix.ENXIO) {
		return fmt.Errorf("%s made no filesystem: the image is empty", strings.Join(append([]string{tool}, args...), " "))
	}
	return nil
}

// Version returns the version line that a mkfs prints, by its name in
// profiles. It returns a *MissingToolError when the host lacks it.
func (t Tools) Version(ctx context.Context, name string) (string, error) {
	tool, err := t.find(name)
	if err != nil {
		return "", err
	}
	return t.version(ctx, tool), nil
}

// version returns the version line that a mkfs prints, for reports, or the
// tool's name if it prints none.
func (t Tools) version(ctx context.Context, tool string) string {
	name := filepath.Base(tool)
	args := []string{"-V"}
	if name == "mkfs.vfat" || name == "mkfs.fat" {
		args = []string{"/dev/null/none"} // it has no version option, but prints a banner first
	}
	var out, problem bytes.Buffer
	cmd, policy := t.command(ctx, tool, args...)
	cmd.Stdout, cmd.Stderr = &out, &problem
	_ = policy.Run(ctx, cmd) // some tools call this a usage error
	if out.Len() == 0 {      // mke2fs
		out = problem
	}
	line, _, _ := strings.Cut(strings.TrimSpace(out.String()), "\n")
	line = strings.ToValidUTF8(strings.TrimSpace(line), "?")
	if line == "" || len(line) > 200 {
		return name
	}
	if !strings.HasPrefix(line, "mk") {
		line = name + ": " + line
	}
	return line
}
