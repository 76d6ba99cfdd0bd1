package remedy

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/guestbin"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/results"
)

func TestRemedies(t *testing.T) {
	cfg := config.Config{Cache: "/home/me/.cache/splicelab", State: "/home/me/.local/state/splicelab"}
	cfg.Nightly.Reports = "/srv/reports"
	at := func(path string, errno syscall.Errno) error {
		return fmt.Errorf("wrapped: %w", &fs.PathError{Op: "mkdir", Path: path, Err: errno})
	}
	cfg.VM.QEMURISCV64, cfg.VM.QEMUAMD64 = "/opt/emulator", "/opt/emulator"
	foreign, err := arch.Parse("riscv64")
	if err != nil || foreign.Native() {
		foreign, _ = arch.Parse("amd64")
	}
	for _, c := range []struct {
		err  error
		want string // "": no remedy
	}{
		{at("/home/me/.cache/splicelab/kernels", syscall.EACCES), "--cache or SPLICELAB_CACHE"},
		{at("/home/me/.cache", syscall.ENOTDIR), "--cache or SPLICELAB_CACHE"},
		{at("/home/me/.local/state/splicelab/results.db", syscall.ENOSPC), "--state or SPLICELAB_STATE"},
		{at("/home/me/.cache/splicelab/kernels/x", syscall.ENOENT), ""},
		{at("/srv/reports/nightly", syscall.EACCES), "--reports or nightly.reports"},
		{at("/srv/other", syscall.EACCES), ""},
		{&results.RunError{Ref: "@baseline"}, "splicelab results baseline RUN"},
		{&results.RunError{Ref: "20260101"}, ""},
		{&bisect.SwappedError{Good: "6.1", Bad: "6.2"}, "--good 6.2 --bad 6.1, or --term"},
		{&bisect.SwappedError{Good: "6.1", Bad: "6.2", Given: true}, "--good 6.2 --bad 6.1"},
		{&bisect.MovedError{Word: "master", Was: "1234", Is: "5678"}, "--fresh, or name 1234"},
		{&bisect.JournalError{Path: "x", Reason: "is corrupt"}, "--fresh"},
		{&vm.NoQEMUError{Binary: "qemu", Err: errors.New("not found")}, "apt install " + arch.Default().QEMU.Package},
		{&vm.NoQEMUError{Binary: foreign.QEMU.Binary, Err: errors.New("not found")}, "apt install " + foreign.QEMU.Package},
		{&vm.NoQEMUError{Binary: foreign.QEMU.Binary, Err: errors.New("not found")}, "with vm.qemu-" + foreign.Name + " or SPLICELAB_VM_QEMU_" + strings.ToUpper(foreign.Name)},
		{&vm.NoQEMUError{Binary: "/opt/emulator", Err: errors.New("not found")}, "apt install " + foreign.QEMU.Package},
		{&session.NoProgramsError{Err: guestbin.ErrNone, Foreign: "riscv64"}, "make build ARCHES=riscv64"},
		{&vm.NoQEMUError{Binary: "qemu", Err: errors.New("not found")}, "splicelab doctor"},
		{&vm.ForeignError{Arch: foreign.Name}, "--accel auto"},
		{&vm.NoKVMError{Problem: "the canary hung"}, "--accel tcg"},
		{&source.NoSpaceError{Build: "a", Step: "make"}, "--cache or SPLICELAB_CACHE"},
		{&source.NoMemoryError{Build: "a", Step: "make"}, "--jobs"},
		{errors.New("anything else"), ""},
	} {
		got := For(c.err, cfg)
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("For(%v) = %q, want %q", c.err, got, c.want)
		}
		if text := Explain(c.err, cfg); !strings.HasPrefix(text, c.err.Error()) || !strings.HasSuffix(text, got) {
			t.Errorf("Explain(%v) = %q, want the message and then the remedy", c.err, text)
		}
	}
}

// A hint names the variable that sets its option.
func TestSettings(t *testing.T) {
	for option, hint := range settings {
		if !strings.HasSuffix(hint, " or "+config.EnvName(option)) {
			t.Errorf("%s is set by %q, not by %s", option, hint, config.EnvName(option))
		}
	}
	if got := Setting("cache"); got != "--cache or SPLICELAB_CACHE" {
		t.Errorf("the cache is set by %q", got)
	}
	if got := Setting("vm.qemu-arm64"); got != "vm.qemu-arm64 or SPLICELAB_VM_QEMU_ARM64" {
		t.Errorf("an option without a flag is set by %q", got)
	}
	if got := Setting(""); got != "" {
		t.Errorf("no option is set by %q", got)
	}
}
