package vm

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/kernelversion"
)

// NoQEMUError reports that the QEMU binary was not found.
type NoQEMUError struct {
	Binary string // name or path
	Err    error
}

func (e *NoQEMUError) Error() string {
	return fmt.Sprintf("no QEMU: %v", e.Err)
}

func (e *NoQEMUError) Unwrap() error { return e.Err }

// ForeignError reports that KVM was requested for a guest of another
// architecture than the host's.
type ForeignError struct {
	Arch string // the guest's
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("KVM cannot run %s guests on this host: it runs guests of the host's architecture (%s) only", e.Arch, arch.Default().Name)
}

// BadInput marks the error as the user's.
func (*ForeignError) BadInput() {}

func lookQEMU(name string) (string, error) {
	if name == "" {
		name = arch.Default().QEMU.Binary
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", &NoQEMUError{Binary: name, Err: err}
	}
	return path, nil
}

// Version returns QEMU's version, e.g. "7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)".
// An empty qemu is found on PATH.
func Version(ctx context.Context, qemu string) (string, error) {
	path, err := lookQEMU(qemu)
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("asking %s for its version: %w", path, err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	_, version, ok := strings.Cut(line, " version ")
	if !ok {
		return "", fmt.Errorf("%s is not QEMU: it calls itself %.80q", path, line)
	}
	return strings.TrimSpace(version), nil
}

// NameOf is how a record names the QEMU of an architecture: "qemu" for that of
// the host, else with the architecture's name.
func NameOf(a arch.Arch) string {
	if a.Name == arch.Default().Name {
		return "qemu"
	}
	return "qemu " + a.Name
}

// CannotRestore says why VMs of an architecture are not restored with this QEMU;
// empty if they are.
func CannotRestore(ctx context.Context, a arch.Arch, qemu string) (string, error) {
	if a.QEMU.RestoredFrom == "" {
		return "", nil
	}
	version, err := Version(ctx, qemu)
	if err != nil {
		return "", err
	}
	has, err := kernelversion.Parse(version) // QEMU's are written in the same way
	if err != nil {
		return "", fmt.Errorf("version of %s: %w", qemu, err)
	}
	first, err := kernelversion.Parse(a.QEMU.RestoredFrom)
	if err != nil {
		return "", err
	}
	if has.Compare(first) >= 0 {
		return "", nil
	}
	return fmt.Sprintf("QEMU %s does not save %s of %s guests; %s does", has, a.QEMU.Unsaved, a.Name, first), nil
}
