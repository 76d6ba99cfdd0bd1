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
	// command is how it is told to run a test binary; env is added to ours.
	command func(g toolGuest) (args, env []string)
}

// toolGuest is what every tool is asked for: the same kernel, machine, and
// test. What else the machine is made of is the tool's own choice.
type toolGuest struct {
	kernel    kernels.Kernel
	accel     vm.Accel
	memoryMiB int
	cpus      int
	binary    string   // the Go test binary, an absolute path
	args      []string // that select the test
}

// tools are those whose place is beside the lab: each boots one VM for one
// program. Their own documentation tells how.
var tools = []tool{
	{"virtrun", func(g toolGuest) ([]string, []string) {
		// Distributions have virtio_pci as a module, so the console has to be
		// the one that is built in everywhere.
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

// image is the kernel as distributions ship it, which is what tools look for.
func (g toolGuest) image() string {
	if g.kernel.BzImage != "" {
		return g.kernel.BzImage
	}
	return g.kernel.BootImage()
}

// toolDeadline bounds one run: a kernel may lack what a tool needs of it, and
// some then wait for ever.
const toolDeadline = 2 * time.Minute

// toolReapTime is how long a killed tool's descendants may keep its output.
const toolReapTime = 5 * time.Second

// run runs the test once and returns how long that took, in seconds. A tool
// that is not there is an *exec.Error.
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
	// Its QEMU is in the group, and goes with it.
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
