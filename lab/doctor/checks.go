package doctor

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
	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/lab/vm"
)

// archiveTimeout bounds the listing of the kernel archive. A cold
// index takes some seconds; a dead network must not take minutes.
const archiveTimeout = 60 * time.Second

// Free space below which a run may fail, and below which it may become tight.
// Five kernels with modules and disks take about 2 GiB.
const (
	leastRoom = 1 << 30
	tightRoom = 5 << 30
)

func (d doctor) checkQEMU(ctx context.Context) []Finding {
	version, err := vm.Version(ctx, d.VM.QEMU)
	var missing *vm.NoQEMUError
	switch {
	case errors.As(err, &missing):
		return []Finding{{Fail, "QEMU", missing.Err.Error(), "install QEMU, or name the binary", "vm.qemu", []string{arch.Default().QEMU.Package}}}
	case err != nil:
		return []Finding{{Fail, "QEMU", err.Error(), "name a working binary", "vm.qemu", nil}}
	}
	findings := []Finding{{Health: OK, Subject: "QEMU", Text: version}}
	for _, f := range vm.KnownFaults(version, arch.Default().Name) {
		findings = append(findings, Finding{Health: OK, Subject: "QEMU", Text: "known fault of this version: " + f.What + "; therefore " + f.Avoided})
	}
	if why, err := vm.CannotRestore(ctx, arch.Default(), d.VM.QEMU); err == nil && why != "" {
		findings = append(findings, Finding{Health: OK, Subject: "QEMU", Text: "VMs are booted, not restored: " + why})
	}
	return append(findings, d.checkForeign(ctx)...)
}

// checkForeign finds which other architectures can be emulated. None of them has
// to be.
func (d doctor) checkForeign(ctx context.Context) []Finding {
	var findings []Finding
	qemus := d.VM.QEMUs()
	for _, a := range arch.All() {
		if a.Name == arch.Default().Name {
			continue
		}
		f := Finding{Health: OK, Subject: "QEMU " + a.Name}
		version, err := vm.Version(ctx, qemus[a.Name])
		var missing *vm.NoQEMUError
		switch {
		case errors.As(err, &missing):
			f.Text = "not installed: kernels for " + a.Name + " need Debian's package " + a.QEMU.Package
		case err != nil:
			f.Health, f.Text, f.Remedy, f.Option = Warn, err.Error(), "name a working binary", "vm.qemu-"+a.Name
		default:
			f.Text = version
			if why, err := vm.CannotRestore(ctx, a, qemus[a.Name]); err == nil && why != "" {
				f.Text += "; VMs are booted, not restored: " + why
			}
			if _, err := d.Settings.GuestProgramsFor(ctx, a); err != nil {
				f.Text += "; " + err.Error()
			}
		}
		findings = append(findings, f)
	}
	return findings
}

// checkAccelerator finds what a run would use. It has no kernel to boot as a
// canary, so it reports the cached result of the last one.
func (d doctor) checkAccelerator(ctx context.Context) []Finding {
	accel, reason, err := vm.Choose(ctx, vm.Accel(d.VM.Accel), d.Settings.Canary(""))
	f := Finding{Health: OK, Subject: "accelerator", Text: fmt.Sprintf("%s: %s", accel, reason)}
	switch {
	case err != nil:
		f.Health, f.Text = Fail, err.Error()
		var missing *vm.NoQEMUError
		if errors.As(err, &missing) {
			f.Health, f.Text = Warn, "cannot be tried without QEMU"
		}
	case accel == vm.TCG && d.VM.Accel == string(vm.Auto):
		f.Health, f.Remedy = Warn, "results are correct without KVM: TCG works everywhere, but is slower"
	}
	return []Finding{f}
}

func (d doctor) checkMkfs(context.Context) []Finding {
	profiles, err := d.Settings.Profiles("all")
	if err != nil {
		return []Finding{{Fail, "filesystems", err.Error(), "fix the profiles in the configuration", "", nil}}
	}
	var there, gone []string
	skipped := map[string][]string{} // profiles of each tool that is missing
	packages := map[string]string{}
	for _, p := range profiles {
		tool, err := images.Tools(d.MkfsPath).Of(p)
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
	var findings []Finding
	if len(there) > 0 {
		findings = append(findings, Finding{Health: OK, Subject: "mkfs", Text: strings.Join(there, ", ")})
	}
	for _, tool := range gone {
		f := Finding{Warn, "mkfs", tool + " is missing: " + strings.Join(skipped[tool], ", ") + " will be skipped", "install it in a directory of the system, or name its directory", "mkfs-path", nil}
		if pkg := packages[tool]; pkg != "" {
			f.Remedy, f.Packages = "install "+pkg, []string{pkg}
		}
		findings = append(findings, f)
	}
	return findings
}

// checkArchive lists the archive, as a run does. Without one, a run can still
// use file: kernels, but not the default matrix.
func (d doctor) checkArchive(ctx context.Context) []Finding {
	const subject = "kernels"
	store, err := d.Settings.OpenKernels()
	if err != nil {
		return []Finding{{Warn, subject, "the archive was not checked, because the cache cannot be written", "", "", nil}}
	}
	ctx, cancel := context.WithTimeout(ctx, archiveTimeout)
	defer cancel()
	src, err := d.Settings.Archive(store, false).Debian()
	var entries []kernels.Entry
	if err == nil {
		entries, err = src.List(ctx)
	}
	if err != nil {
		return []Finding{{Fail, subject, err.Error(), "until then only file:PATH kernels can be run", "", nil}}
	}
	cached := 0
	for _, e := range entries {
		if e.Cached {
			cached++
		}
	}
	findings := []Finding{{Health: OK, Subject: subject, Text: fmt.Sprintf("%d in the archive, %d of them cached", len(entries), cached)}}
	for _, warning := range src.Warnings() {
		findings = append(findings, Finding{Health: Warn, Subject: subject, Text: warning})
	}
	return findings
}

func (d doctor) checkDirectories(context.Context) []Finding {
	var findings []Finding
	for _, d := range []struct{ name, dir, option string }{
		{"cache", d.Cache, "cache"},
		{"results", d.State, "state"},
	} {
		findings = append(findings, checkDirectory(d.name, d.dir, d.option))
	}
	return findings
}

// checkDirectory creates the directory and a file in it: permissions alone do not
// show a read-only mount or a full disk.
func checkDirectory(name, dir, option string) Finding {
	const remedy = "name a directory that can be written"
	err := os.MkdirAll(dir, 0o755)
	var f *os.File
	if err == nil {
		f, err = os.CreateTemp(dir, ".doctor-")
	}
	if err != nil {
		return Finding{Fail, name, err.Error(), remedy, option, nil}
	}
	_, werr := f.Write([]byte("ok"))
	if err := errors.Join(werr, f.Close(), os.Remove(f.Name())); err != nil {
		return Finding{Fail, name, err.Error(), remedy, option, nil}
	}
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return Finding{Warn, name, fmt.Sprintf("%s: cannot determine its free space: %s", dir, err), "", "", nil}
	}
	free := int64(st.Bavail) * st.Bsize
	text := fmt.Sprintf("%s, %s free", dir, progress.Bytes(free))
	switch {
	case free < leastRoom:
		return Finding{Fail, name, text, "free some space, or name another directory", option, nil}
	case free < tightRoom:
		return Finding{Warn, name, text, "five kernels with their images take about 2 GiB", "", nil}
	}
	return Finding{Health: OK, Subject: name, Text: text}
}

func (d doctor) checkGuest(ctx context.Context) []Finding {
	const subject = "guest"
	const remedy = "run make build, or name the directory"
	var missing *suite.MissingGuestError
	guest, err := d.Settings.GuestPrograms(ctx)
	if err != nil {
		return []Finding{{Fail, subject, err.Error(), remedy, "guest-dir", nil}}
	}
	suites, err := suite.List(ctx, guest)
	if err == nil {
		_, err = os.Stat(filepath.Join(guest, "agent"))
	}
	switch {
	case errors.As(err, &missing):
		return []Finding{{Fail, subject, missing.Path + " is missing", remedy, "guest-dir", nil}}
	case err != nil:
		return []Finding{{Fail, subject, err.Error(), remedy, "guest-dir", nil}}
	}
	var names []string
	tests := 0
	for _, s := range suites {
		names = append(names, s.Name)
		tests += len(s.Tests)
	}
	findings := []Finding{{Health: OK, Subject: subject, Text: fmt.Sprintf("agent and %d tests in %s", tests, strings.Join(names, ", "))}}
	if _, err := os.Stat(filepath.Join(guest, "bb")); err != nil {
		findings = append(findings, Finding{Warn, subject, "splicelab shell has no commands: " + err.Error(), remedy, "guest-dir", nil})
	}
	return findings
}

func (d doctor) checkMachine(context.Context) []Finding {
	jobs := d.Run.Jobs
	origin := "configured"
	if jobs == 0 {
		jobs, origin = lab.DefaultJobs(d.VM.Memory, d.VM.CPUs), "from cores and memory"
	}
	f := Finding{Health: OK, Subject: "machine", Text: fmt.Sprintf("%d cores: runs %d VMs of %d MiB at once (%s)", runtime.NumCPU(), jobs, d.VM.Memory, origin)}
	if _, known := arch.Host(); !known {
		f.Health, f.Remedy = Warn, "guests are "+strings.Join(arch.Names(), ", ")+": everything is emulated"
	}
	return []Finding{f}
}

// checkGo looks for the toolchain, which is only needed to build tests.
func (d doctor) checkGo(ctx context.Context) []Finding {
	path, err := exec.LookPath("go")
	if err != nil {
		return []Finding{{Warn, "Go", "not found: tests cannot be built here", "install Go from https://go.dev/dl", "", nil}}
	}
	out, err := exec.CommandContext(ctx, path, "version").Output()
	if err != nil {
		return []Finding{{Warn, "Go", fmt.Sprintf("%s does not run: %s", path, err), "install Go from https://go.dev/dl", "", nil}}
	}
	words := strings.Fields(string(out))
	version := path
	if i := slices.Index(words, "version"); i >= 0 && i+1 < len(words) {
		version = words[i+1] + " at " + path
	}
	return []Finding{{Health: OK, Subject: "Go", Text: version}}
}
