package vm

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// defaultQEMU is the emulator of the only architecture that the lab supports.
const defaultQEMU = "qemu-system-x86_64"

// NoQEMUError reports that the QEMU binary was not found.
type NoQEMUError struct {
	Binary string // name or path
	Err    error
}

func (e *NoQEMUError) Error() string {
	return fmt.Sprintf("no QEMU: %v", e.Err)
}

func (e *NoQEMUError) Unwrap() error { return e.Err }

func lookQEMU(name string) (string, error) {
	if name == "" {
		name = defaultQEMU
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
