package vm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/deadline"
)

// Accel is the accelerator: what executes the guest's instructions.
type Accel string

const (
	// Auto is for Choose only: KVM if it works, otherwise TCG.
	Auto Accel = "auto"
	// KVM uses the processor's virtualisation.
	KVM Accel = "kvm"
	// TCG translates the guest's code: slower, but works everywhere.
	TCG Accel = "tcg"
)

// ParseAccel returns the accelerator called s; the error names the known ones.
func ParseAccel(s string) (Accel, error) {
	switch a := Accel(s); a {
	case Auto, KVM, TCG:
		return a, nil
	}
	return "", fmt.Errorf("unknown accelerator %q: use auto, kvm or tcg", s)
}

// How long the canary may be silent, and how long it may take. KVM boots it in
// under a second; a broken KVM often hangs instead of failing. With nested
// virtualisation that is emulated itself, 30 s of silence were too few.
const (
	canarySilence = time.Minute
	canaryTimeout = 4 * time.Minute
)

// ChooseConfig is what Choose needs to try an accelerator.
type ChooseConfig struct {
	// QEMU is as in Config.
	QEMU string
	// Unconfined is as in Config.
	Unconfined bool
	// Kernel is the canary: any kernel that QEMU boots directly. It boots
	// without a root file system, so that it panics and QEMU exits.
	Kernel string
	// CacheDir is where the canary's result is cached; empty for no cache.
	CacheDir string
}

// Choose decides which accelerator to use, and gives the reason as text. A
// /dev/kvm that exists, opens and even creates VMs may still be unable to run
// them, so KVM is only used if a canary boots on it. The result is cached; the
// cache key covers everything that it depends on.
//
// Auto falls back to TCG. KVM never does: it returns a *NoKVMError instead.
func Choose(ctx context.Context, want Accel, cfg ChooseConfig) (Accel, string, error) {
	if _, err := ParseAccel(string(want)); err != nil {
		return "", "", err
	}
	if want == TCG {
		return TCG, "requested", nil
	}
	if _, err := lookQEMU(cfg.QEMU); err != nil {
		return "", "", err
	}
	problem, err := kvmProblem(ctx, want, cfg)
	switch {
	case err != nil:
		return "", "", err
	case problem == "" && want == KVM:
		return KVM, "requested, and a canary boots on it", nil
	case problem == "":
		return KVM, "a canary boots on it", nil
	case want == KVM:
		return "", "", &NoKVMError{Problem: problem}
	}
	return TCG, (&NoKVMError{Problem: problem}).Error(), nil
}

// NoKVMError reports that KVM cannot be used.
type NoKVMError struct {
	Problem string // one line, with QEMU's message if it has one
}

func (e *NoKVMError) Error() string { return "KVM does not work here: " + e.Problem }

// kvmProblem returns why KVM cannot be used, or nothing if it can. An error
// means that this could not be determined.
func kvmProblem(ctx context.Context, want Accel, cfg ChooseConfig) (string, error) {
	f, err := os.OpenFile(kvmDevice, os.O_RDWR, 0)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return kvmDevice + " does not exist: the processor's virtualisation is off or this is a VM without it", nil
	case errors.Is(err, os.ErrPermission):
		return noPermission(kvmDevice), nil
	case err != nil:
		return err.Error(), nil
	}
	_ = f.Close()

	memory, err := newCanaryMemory(ctx, cfg)
	if err != nil {
		return "", err
	}
	// A user who requests KVM may just have fixed it: ignore a cached failure.
	if a, ok := memory.recall(time.Now()); ok && (a.Problem == "" || want == Auto) {
		return a.Problem, nil
	}
	if cfg.Kernel == "" {
		return "not tried yet, for lack of a kernel", nil
	}
	problem, err := bootCanary(ctx, KVM, cfg, canarySilence)
	if err != nil {
		return "", err
	}
	memory.keep(canaryResult{Problem: problem, When: time.Now()})
	return problem, nil
}

// bootCanary boots the kernel under accel without a root and returns what went
// wrong, or nothing if it printed its banner and QEMU then exited. It gives up
// when nothing was printed for as long as silence, or after canaryTimeout.
func bootCanary(ctx context.Context, accel Accel, cfg ChooseConfig, silence time.Duration) (string, error) {
	cctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The banner is enough: each character of the rest is an exit to QEMU.
	v, err := Start(cctx, Config{QEMU: cfg.QEMU, Unconfined: cfg.Unconfined, Accel: accel, Kernel: cfg.Kernel, Append: []string{"loglevel=6"}})
	var refused *StartError
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(err, &refused):
		return oneLine(refused.Error()), nil
	case err != nil:
		return "", err
	}
	defer v.Kill()
	late := v.awaitExit(ctx, silence, canaryTimeout)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	v.Kill() // drains the console
	exit := v.Exit()
	booted := strings.Contains(string(v.Console().Bytes()), "Linux version")
	switch {
	case late != "" && booted:
		return "the canary started to boot and then hung: " + late, nil
	case late != "":
		return "the canary printed nothing: " + late, nil
	case exit.ByGuest() && booted:
		return "", nil
	case exit.ByGuest():
		return "the canary terminated before its kernel printed anything: " + oneLine(exit.String()), nil
	}
	return "the canary did not boot: " + oneLine(exit.String()), nil
}

// awaitExit waits until the VM has exited, and says why it no longer waits if it
// has not.
func (v *VM) awaitExit(ctx context.Context, silence, most time.Duration) (late string) {
	tick := time.NewTicker(min(deadline.Step, silence))
	defer tick.Stop()
	clock := deadline.NewClock(time.Now())
	var printed int64
	var lastSign time.Duration
	for {
		select {
		case <-v.Done():
			return ""
		case <-ctx.Done():
			return ""
		case now := <-tick.C:
			elapsed := clock.Read(now)
			if at := v.Console().Mark(); at != printed {
				printed, lastSign = at, elapsed
			}
			switch {
			case elapsed-lastSign >= silence:
				return fmt.Sprintf("gave up after %v of silence", silence)
			case elapsed >= most:
				return fmt.Sprintf("gave up after %v", most)
			}
		}
	}
}

// oneLine folds QEMU's messages, which may span several lines.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
