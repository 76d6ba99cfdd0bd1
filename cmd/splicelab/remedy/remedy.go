// Package remedy puts the errors of the packages below into the terms of the
// command line: flags, variables and verbs.
package remedy

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/lab/catalogue"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/nightly"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/report"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/results"
)

// Explain returns an error's message in the terms of the command line: options
// are named by their flags, and a remedy is added if there is one.
func Explain(err error, cfg config.Config) string {
	text := err.Error()
	var (
		option   *input.Error
		conflict *session.ContradictionError
	)
	switch {
	case errors.As(err, &option) && option.Option != "":
		text = strings.Replace(text, option.Error(), "--"+option.Error(), 1)
	case errors.As(err, &conflict):
		text = strings.Replace(text, conflict.Error(), "--"+conflict.Error(), 1)
	}
	if remedy := For(err, cfg); remedy != "" {
		text += "; " + remedy
	}
	return text
}

// For returns what the user can do about an error on this command line, or "".
// It is decided here, by the type of the error, because the packages below know
// neither flags nor verbs.
func For(err error, cfg config.Config) string {
	var (
		noRun    *results.RunError
		swapped  *bisect.SwappedError
		unsteady *bisect.UnsteadyEndError
		against  *bisect.ContradictionError
		moved    *bisect.MovedError
		journal  *bisect.JournalError
		unnamed  *session.NothingToResumeError
		conflict *session.ContradictionError
		unsaved  *export.WriteError
		busy     *nightly.BusyError
		programs *session.NoProgramsError
		full     *nightly.NoRoomError
		noMatch  *plan.NoMatchError
		noTest   *catalogue.NotFoundError
		noGuest  *suite.MissingGuestError
		noQEMU   *vm.NoQEMUError
		noKVM    *vm.NoKVMError
		alien    *vm.ForeignError
		noSpace  *source.NoSpaceError
		noMemory *source.NoMemoryError
		cache    *lab.CacheError
		stranger *config.UntrustedError
		claims   *report.UntrustedError
		path     *fs.PathError
	)
	switch {
	case errors.As(err, &noRun) && !noRun.Ambiguous && strings.HasPrefix(noRun.Ref, "@"):
		return "splicelab results baseline RUN makes a run the baseline"
	case errors.As(err, &swapped) && !swapped.Given:
		return fmt.Sprintf("use --good %s --bad %s, or --term %s if that change is the one to look for", swapped.Bad, swapped.Good, swapped.Terms)
	case errors.As(err, &swapped):
		return fmt.Sprintf("use --good %s --bad %s", swapped.Bad, swapped.Good)
	case errors.As(err, &unsteady) && unsteady.Tally.Of(unsteady.Terms.Bad) == 0:
		return "name another good end, or another --term"
	case errors.As(err, &unsteady):
		return "name a good end that never does, or give --term for the difference"
	case errors.As(err, &against) && against.Before != nil:
		return "raise --confidence or --tries"
	case errors.As(err, &moved):
		return fmt.Sprintf("start over with --fresh, or name %s", moved.Was)
	case errors.As(err, &journal):
		return "start over with --fresh"
	case errors.As(err, &unnamed):
		return "--resume RUN retries the cells of a run that the lab failed, and splicelab results list shows all runs"
	case errors.As(err, &conflict):
		return "omit --" + conflict.Name + ", or start a new run without --resume"
	case errors.As(err, &unsaved):
		return fmt.Sprintf("write it again with splicelab results export %s --%s FILE", unsaved.Run, unsaved.Format)
	case errors.As(err, &busy):
		return "set nightly.deadline so that a nightly run ends before the next"
	case errors.As(err, &programs):
		if programs.Foreign != "" {
			return fmt.Sprintf("run `make build ARCHES=%[1]s` in a checkout and copy bin/splicelab, or put them into the directory %[1]s of that named with --guest-dir", programs.Foreign)
		}
		return "run `make build` in a checkout and copy bin/splicelab, or name a directory of guest programs with --guest-dir"
	case errors.As(err, &full):
		return "free some space, or lower nightly.keep-days or nightly.min-free"
	case errors.As(err, &noMatch), errors.As(err, &noTest):
		return "`splicelab tests list` shows all"
	case errors.As(err, &noGuest):
		return "run `make build`, or name the directory that has it with --guest-dir"
	case errors.As(err, &noQEMU):
		return installQEMU(noQEMU, cfg.VM.QEMUs())
	case errors.As(err, &alien):
		return "use --accel auto, which emulates such guests"
	case errors.As(err, &noKVM):
		return "use --accel tcg or auto"
	case errors.As(err, &noSpace):
		return "free some space, or name another directory with --cache or SPLICELAB_CACHE"
	case errors.As(err, &noMemory):
		return "reduce --jobs"
	case errors.As(err, &cache):
		return "name another directory with --cache or SPLICELAB_CACHE"
	case errors.As(err, &claims):
		return "read the report and these files, and then use --trust"
	case errors.As(err, &stranger):
		return fmt.Sprintf("after reading the file, trust it with `splicelab config trust`, name it with --config %s, or set the option with a flag, the environment or your own configuration in ~/.config/splicelab", stranger.File)
	case errors.As(err, &path) && unusable(path):
		return otherDirectory(path.Path, cfg)
	}
	return ""
}

// settings lists how options can be set that have a flag.
var settings = map[string]string{
	"cache":     "--cache or SPLICELAB_CACHE",
	"state":     "--state or SPLICELAB_STATE",
	"guest-dir": "--guest-dir or SPLICELAB_GUEST_DIR",
}

// Setting says how to set the option of a configuration key, or "" for none.
func Setting(option string) string {
	if hint, ok := settings[option]; ok || option == "" {
		return hint
	}
	return option + " or " + config.EnvName(option)
}

// installQEMU says how to get a QEMU that is missing. configured are those of the
// architectures.
func installQEMU(e *vm.NoQEMUError, configured map[string]string) string {
	a := arch.Default()
	key := "vm.qemu"
	for _, other := range arch.All() {
		if other.Name != arch.Default().Name && (e.Binary == configured[other.Name] || filepath.Base(e.Binary) == other.QEMU.Binary) {
			a, key = other, "vm.qemu-"+other.Name
		}
	}
	return fmt.Sprintf("install Debian's package %[1]s (apt install %[1]s), or name the binary with %[2]s or %[3]s; `splicelab doctor` reports what else is missing", a.QEMU.Package, key, config.EnvName(key))
}

// unusable reports whether a directory cannot be used, rather than that a file
// in it is missing.
func unusable(err *fs.PathError) bool {
	for _, errno := range []syscall.Errno{syscall.EACCES, syscall.EPERM, syscall.EROFS, syscall.ENOTDIR, syscall.EISDIR, syscall.ENOSPC, syscall.EDQUOT} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// otherDirectory says how to use a directory other than the one that contains
// path.
func otherDirectory(path string, cfg config.Config) string {
	for _, d := range []struct{ dir, flag, variable string }{
		{cfg.Cache, "--cache", "SPLICELAB_CACHE"},
		{cfg.Nightly.Reports, "--reports", "nightly.reports"},
		{cfg.State, "--state", "SPLICELAB_STATE"},
	} {
		if d.dir == "" {
			continue
		}
		// An error about a directory that cannot be created may name a parent.
		if within(path, d.dir) || within(d.dir, path) {
			return fmt.Sprintf("name another directory with %s or %s", d.flag, d.variable)
		}
	}
	return ""
}

// within reports whether path is dir or lies below it.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
