package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/lab/vm"
)

// archiveTimeout bounds the doctor's question to the kernel archive. A cold
// index takes some seconds; a dead network must not take minutes.
const archiveTimeout = 60 * time.Second

// Room below which a run may fail, and below which it may become tight. Five
// kernels with modules and disks take about 2 GiB.
const (
	leastRoom = 1 << 30
	tightRoom = 5 << 30
)

func (a *app) checkQEMU(ctx context.Context) []finding {
	version, err := vm.Version(ctx, a.cfg.VM.QEMU)
	var missing *vm.NoQEMUError
	switch {
	case errors.As(err, &missing):
		return []finding{{broken, "QEMU", missing.Err.Error(), "install QEMU, or name the binary by vm.qemu or SPLICELAB_VM_QEMU", []string{"qemu-system-x86"}}}
	case err != nil:
		return []finding{{broken, "QEMU", err.Error(), "name a working binary by vm.qemu or SPLICELAB_VM_QEMU", nil}}
	}
	return []finding{{health: healthy, subject: "QEMU", text: version}}
}

// checkAccelerator asks what a run would use. It has no kernel to boot as a
// canary, so it tells what is remembered of the last one.
func (a *app) checkAccelerator(ctx context.Context) []finding {
	accel, reason, err := vm.Choose(ctx, vm.Accel(a.cfg.VM.Accel), a.session().Canary(""))
	f := finding{health: healthy, subject: "accelerator", text: fmt.Sprintf("%s: %s", accel, reason)}
	switch {
	case err != nil:
		f.health, f.text = broken, err.Error()
		var missing *vm.NoQEMUError
		if errors.As(err, &missing) {
			f.health, f.text = limping, "cannot be tried without QEMU"
		}
	case accel == vm.TCG && a.cfg.VM.Accel == string(vm.Auto):
		f.health, f.remedy = limping, "nothing to mend for correct results: TCG is slower, and works everywhere"
	}
	return []finding{f}
}

func (a *app) checkMkfs(context.Context) []finding {
	profiles, err := a.session().Profiles("all")
	if err != nil {
		return []finding{{broken, "filesystems", err.Error(), "mend the profiles in the configuration", nil}}
	}
	var there, gone []string
	skipped := map[string][]string{} // profiles of each tool that is missing
	packages := map[string]string{}
	for _, p := range profiles {
		tool, err := p.Tool()
		var missing *images.MissingToolError
		switch {
		case errors.As(err, &missing):
			if skipped[missing.Tool] == nil {
				gone = append(gone, missing.Tool)
			}
			skipped[missing.Tool] = append(skipped[missing.Tool], p.Name)
			packages[missing.Tool] = missing.Package
		case tool != "" && !slices.Contains(there, filepath.Base(tool)):
			there = append(there, filepath.Base(tool))
		}
	}
	var findings []finding
	if len(there) > 0 {
		findings = append(findings, finding{health: healthy, subject: "mkfs", text: strings.Join(there, ", ")})
	}
	for _, tool := range gone {
		f := finding{limping, "mkfs", tool + " is missing: " + strings.Join(skipped[tool], ", ") + " will be skipped", "put " + tool + " on PATH", nil}
		if pkg := packages[tool]; pkg != "" {
			f.remedy, f.packages = "install "+pkg, []string{pkg}
		}
		findings = append(findings, f)
	}
	return findings
}

// checkArchive lists the archive, as a run does. Without one, a run can still
// use file: kernels, but not the default matrix.
func (a *app) checkArchive(ctx context.Context) []finding {
	const subject = "kernels"
	store, err := a.session().OpenKernels()
	if err != nil {
		return []finding{{limping, subject, "the archive was not asked, because the cache cannot be written", "", nil}}
	}
	ctx, cancel := context.WithTimeout(ctx, archiveTimeout)
	defer cancel()
	src, err := a.session().Archive(store, false).Debian()
	var entries []kernels.Entry
	if err == nil {
		entries, err = src.List(ctx)
	}
	if err != nil {
		return []finding{{broken, subject, err.Error(), "until then only file:PATH kernels can be run", nil}}
	}
	cached := 0
	for _, e := range entries {
		if e.Cached {
			cached++
		}
	}
	findings := []finding{{health: healthy, subject: subject, text: fmt.Sprintf("%d in the archive, %d of them cached", len(entries), cached)}}
	for _, warning := range src.Warnings() {
		findings = append(findings, finding{health: limping, subject: subject, text: warning})
	}
	return findings
}

func (a *app) checkDirectories(context.Context) []finding {
	var findings []finding
	for _, d := range []struct{ name, dir, option string }{
		{"cache", a.cfg.Cache, "--cache or SPLICELAB_CACHE"},
		{"results", a.cfg.State, "--state or SPLICELAB_STATE"},
	} {
		findings = append(findings, checkDirectory(d.name, d.dir, d.option))
	}
	return findings
}

// checkDirectory makes the directory and a file in it: permissions alone do
// not tell a read-only mount or a full disk.
func checkDirectory(name, dir, option string) finding {
	remedy := "name a directory that can be written by " + option
	err := os.MkdirAll(dir, 0o755)
	var f *os.File
	if err == nil {
		f, err = os.CreateTemp(dir, ".doctor-")
	}
	if err != nil {
		return finding{broken, name, err.Error(), remedy, nil}
	}
	_, werr := f.Write([]byte("ok"))
	if err := errors.Join(werr, f.Close(), os.Remove(f.Name())); err != nil {
		return finding{broken, name, err.Error(), remedy, nil}
	}
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return finding{limping, name, fmt.Sprintf("%s: its free space is unknown: %s", dir, err), "", nil}
	}
	free := int64(st.Bavail) * st.Bsize
	text := fmt.Sprintf("%s, %s free", dir, progress.Bytes(free))
	switch {
	case free < leastRoom:
		return finding{broken, name, text, "free some space, or name another directory by " + option, nil}
	case free < tightRoom:
		return finding{limping, name, text, "five kernels with their images take about 2 GiB", nil}
	}
	return finding{health: healthy, subject: name, text: text}
}

func (a *app) checkGuest(ctx context.Context) []finding {
	const subject = "guest"
	const remedy = "run make build, or name the directory by --guest-dir or SPLICELAB_GUEST_DIR"
	var missing *suite.MissingGuestError
	guest, err := a.session().GuestPrograms(ctx)
	if err != nil {
		return []finding{{broken, subject, err.Error(), remedy, nil}}
	}
	suites, err := suite.List(ctx, guest)
	if err == nil {
		_, err = os.Stat(filepath.Join(guest, "agent"))
	}
	switch {
	case errors.As(err, &missing):
		return []finding{{broken, subject, missing.Path + " is missing", remedy, nil}}
	case err != nil:
		return []finding{{broken, subject, err.Error(), remedy, nil}}
	}
	var names []string
	tests := 0
	for _, s := range suites {
		names = append(names, s.Name)
		tests += len(s.Tests)
	}
	findings := []finding{{health: healthy, subject: subject, text: fmt.Sprintf("agent and %d tests in %s", tests, strings.Join(names, ", "))}}
	if _, err := os.Stat(filepath.Join(guest, "bb")); err != nil {
		findings = append(findings, finding{limping, subject, "splicelab shell has no commands: " + err.Error(), remedy, nil})
	}
	return findings
}

func (a *app) checkMachine(context.Context) []finding {
	jobs := a.cfg.Run.Jobs
	origin := "configured"
	if jobs == 0 {
		jobs, origin = lab.DefaultJobs(a.cfg.VM.Memory, a.cfg.VM.CPUs), "from cores and memory"
	}
	f := finding{health: healthy, subject: "machine", text: fmt.Sprintf("%d cores: runs %d VMs of %d MiB at once (%s)", runtime.NumCPU(), jobs, a.cfg.VM.Memory, origin)}
	if runtime.GOARCH != "amd64" {
		f.health, f.remedy = limping, "the guest programs and kernels are for amd64: everything is emulated"
	}
	return []finding{f}
}

// checkGo looks for the toolchain, which only building tests needs.
func (a *app) checkGo(ctx context.Context) []finding {
	path, err := exec.LookPath("go")
	if err != nil {
		return []finding{{limping, "Go", "not found: tests cannot be built here", "install Go from https://go.dev/dl", nil}}
	}
	out, err := exec.CommandContext(ctx, path, "version").Output()
	if err != nil {
		return []finding{{limping, "Go", fmt.Sprintf("%s does not run: %s", path, err), "install Go from https://go.dev/dl", nil}}
	}
	words := strings.Fields(string(out))
	version := path
	if i := slices.Index(words, "version"); i >= 0 && i+1 < len(words) {
		version = words[i+1] + " at " + path
	}
	return []finding{{health: healthy, subject: "Go", text: version}}
}
