package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/vm"
)

// tool is another program that runs a Go test in a VM.
type tool struct {
	name string
	// command is how it runs a test binary; env is added to ours.
	command func(g toolGuest) (args, env []string)
}

// toolGuest is what every tool runs: the same kernel, VM size and test. The rest
// of the VM is up to the tool.
type toolGuest struct {
	kernel    kernels.Kernel
	accel     vm.Accel
	memoryMiB int
	cpus      int
	binary    string   // the Go test binary, an absolute path
	args      []string // that select the test
}

// tools are comparable to the lab: each boots one VM for one program. The
// options are from their documentation.
var tools = []tool{
	{"virtrun", func(g toolGuest) ([]string, []string) {
		// Distributions build virtio_pci as a module, so use the console that is
		// built in everywhere.
		args := []string{"-kernel", g.kernel.BootImage(), "-transport", "isa", "-memory", strconv.Itoa(g.memoryMiB), "-smp", strconv.Itoa(g.cpus)}
		if g.accel == vm.TCG {
			args = append(args, "-nokvm", "-cpu", "max")
		}
		return append(append(args, g.binary), g.args...), nil
	}},
	{"vng", func(g toolGuest) ([]string, []string) {
		args := []string{"--run", g.image(), "--memory", fmt.Sprintf("%dM", g.memoryMiB), "--cpus", strconv.Itoa(g.cpus), "--user", "root"}
		if g.accel == vm.TCG {
			args = append(args, "--disable-kvm")
		}
		return append(append(args, "--", g.binary), g.args...), nil
	}},
	{"vimto", func(g toolGuest) ([]string, []string) {
		var env []string
		if g.accel == vm.TCG {
			env = []string{"VIMTO_DISABLE_KVM=true"}
		}
		args := []string{"-kernel", g.image(), "-memory", fmt.Sprintf("size=%dM", g.memoryMiB), "-smp", fmt.Sprintf("cpus=%d", g.cpus), "exec", g.binary}
		return append(args, g.args...), env
	}},
}

// image is the kernel image as distributions ship it, which tools expect.
func (g toolGuest) image() string {
	if g.kernel.BzImage != "" {
		return g.kernel.BzImage
	}
	return g.kernel.BootImage()
}

// toolDeadline bounds one run: if the kernel lacks a feature that a tool needs,
// some tools wait forever.
const toolDeadline = 2 * time.Minute

// toolReapTime is how long a killed tool's descendants may keep its output open.
const toolReapTime = 5 * time.Second

// run runs the test once and returns the time in seconds. If the tool is not
// installed, the error is an *exec.Error.
func (t tool) run(ctx context.Context, g toolGuest) (float64, error) {
	path, err := exec.LookPath(t.name)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, toolDeadline)
	defer cancel()
	args, env := t.command(g)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), env...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	// Killing the group also kills the tool's QEMU.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = toolReapTime
	began := time.Now()
	err = cmd.Run()
	took := time.Since(began).Seconds()
	switch {
	case ctx.Err() != nil:
		return 0, fmt.Errorf("did not end within %s", toolDeadline)
	case err != nil:
		if last := lastLine(said.String()); last != "" {
			return 0, fmt.Errorf("%w: %.200s", err, last)
		}
		return 0, err
	}
	return took, nil
}

func lastLine(s string) string {
	last := ""
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(sanitize.Line(line)); line != "" {
			last = line
		}
	}
	return last
}
