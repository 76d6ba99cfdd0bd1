package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/splicelab/splicelab/internal/shell"
)

// kvmEnv is how much TestUnderKVM runs: "small" or "full".
const kvmEnv = "SPLICELAB_KVM_TESTS"

// kvmStep is one command line, which runs in a machine whose KVM works. Its
// standard output and error, and its exit code, are files named after it.
type kvmStep struct {
	name string
	args []string
	// reference names the step whose cells, here under TCG, those of this one
	// have to equal; empty for none.
	reference string
	check     func(t *testing.T, r kvmResult) // nil for nothing but the exit code
	code      int                             // -1: that of the reference
}

type kvmResult struct {
	code        int
	out, report []byte // standard output, and what --json wrote
}

// kvmPatience are deadlines that an emulated processor, on a busy host, does not
// miss, and a console that it can afford: each character is two exits to QEMU,
// which made the log of a boot take longer than everything else. The marks of the
// cells, and what verdicts are about, are above that level.
var kvmPatience = []string{"--boot-timeout", "8m", "--silence-timeout", "60s", "--cell-timeout", "4m", "--kernel-args", "loglevel=5"}

// kvmMachines is how many machines may end before their script: the kernel of an
// emulated one was seen to crash in KVM's own code.
const kvmMachines = 4

// TestUnderKVM runs the lab with KVM in a machine that scripts/kvm-machine
// emulates, in every way in which a cell gets its VM, and the same cells here under
// TCG. An accelerator is no property of a kernel: every cell has to have the same
// verdict and outcome.
func TestUnderKVM(t *testing.T) {
	size := os.Getenv(kvmEnv)
	if size == "" {
		t.Skip(kvmEnv + "=small or full not set: emulates a machine with KVM (make test-kvm)")
	}
	kernel, guest := vmKernel("6.12"), vmGuest()
	if kernel == "" || guest == "" {
		t.Fatal("SPLICELAB_TEST_KERNELS has no 6.12, or the guest programs are not built")
	}
	dir := t.TempDir()
	steps, least := kvmSteps(size == "full")

	references := map[string]kvmResult{}
	tree := filepath.Dir(filepath.Dir(kernel))
	for _, s := range steps {
		if s.reference == s.name {
			references[s.name] = kvmReference(t, filepath.Join(dir, "tcg-"+s.name), guest, kernel, s)
		}
	}

	out := filepath.Join(dir, "out")
	inside := "/lab/" + filepath.Base(tree) + strings.TrimPrefix(kernel, tree)
	program := filepath.Join(dir, "splicelab")
	if said, err := exec.CommandContext(t.Context(), "cp", splicelabBinary(t), program).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	for machines, rest := 1, steps; ; machines++ {
		err := kvmMachine(t, filepath.Join(dir, "under-kvm"), kvmScript(inside, rest), out, program, guest, tree)
		rest = slices.DeleteFunc(slices.Clone(rest), func(s kvmStep) bool {
			_, err := os.Stat(filepath.Join(out, s.name+".code"))
			return err == nil
		})
		if err == nil || len(rest) == 0 {
			break
		}
		if machines == kvmMachines {
			t.Fatalf("scripts/kvm-machine: %v, in %d machines; their consoles are above", err, machines)
		}
		t.Logf("the machine ended in step %s (%v): another one does the rest", rest[0].name, err)
	}

	equal := 0
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			r := kvmRead(t, out, s.name)
			want := s.code
			if s.reference != "" {
				reference := references[s.reference]
				same, different := kvmParse(t, r.report).compare(kvmParse(t, reference.report))
				equal += same
				for _, d := range different {
					t.Error(d)
				}
				if want < 0 {
					want = reference.code
				}
			}
			if r.code != want {
				said, _ := os.ReadFile(filepath.Join(out, s.name+".err"))
				t.Errorf("splicelab %s: exit code %d, want %d: %s", strings.Join(s.args, " "), r.code, want, said)
			}
			if s.check != nil {
				s.check(t, r)
			}
		})
	}
	t.Logf("%d cells came out the same under KVM and under TCG", equal)
	if equal < least {
		t.Errorf("%d cells were compared, want at least %d", equal, least)
	}
}

// kvmMachine runs a script in a machine.
func kvmMachine(t *testing.T, file, script, out string, paths ...string) error {
	t.Helper()
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	machine := exec.CommandContext(t.Context(), "../../scripts/kvm-machine", append([]string{file, out}, paths...)...)
	machine.Env = append(os.Environ(), "KVM_MACHINE_DEADLINE=2700")
	runtime.LockOSThread() // the machine gets its signal when this thread ends
	defer runtime.UnlockOSThread()
	machine.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}        // a killed test leaves no machine
	machine.Cancel = func() error { return machine.Process.Signal(os.Interrupt) } // it has QEMU to kill
	machine.Stdout, machine.Stderr = t.Output(), t.Output()
	return machine.Run()
}

// kvmSteps are the steps, and how many cells they have to compare in all. KERNEL
// stands for the kernel's selector, JSON for the file of the step's document.
func kvmSteps(full bool) (steps []kvmStep, least int) {
	run := func(name, reference string, args ...string) kvmStep {
		args = slices.Concat([]string{"run", "-k", "KERNEL", "--seed", "1", "--json", "JSON", "--progress", "plain"}, kvmPatience, args)
		return kvmStep{name: name, args: args, reference: reference, code: -1, check: kvmUsed}
	}
	doctor := kvmStep{name: "doctor", args: []string{"doctor", "-o", "json"}, check: kvmChosen, code: 3} // without network there is no archive
	const pages = "^splice.TestPunchHole(Page|InFolio)/"
	if !full {
		return []kvmStep{run("restored", "restored", "-f", "tmpfs", "-t", pages), doctor}, 10
	}
	// Without what hangs, which only takes time, and what the emulated processor cannot
	// do: it resets a VM that floods its ports, and denies a port that ioperm gave.
	const selftests = "^selftest.Test(Exit|Fail|Flags|GoPanic|Oops|Pa|Seg|Skip|Term|Warn)"
	const all = "tmpfs,ext4,ext4-1k,xfs,btrfs"
	compare := []string{"tests", "compare", "-k", "KERNEL", "-f", "tmpfs", "-t", "^splice.TestPunchHolePage/small-clean$", "--accel", "kvm", "--seed", "1"}
	return []kvmStep{
		run("restored", "restored", "-f", all),
		doctor, // after a run: the canary needs a kernel
		run("shared", "restored", "-f", all, "--isolation", "vm"),
		run("booted", "booted", "-f", "tmpfs", "-t", pages, "--no-templates"), // a boot takes as long as ten restored cells
		run("cpus", "cpus", "-f", "tmpfs", "-t", pages, "--cpus", "2"),
		{name: "compare", args: append(compare, kvmPatience...)},
		run("selftest", "selftest", "-f", "tmpfs", "-t", selftests),
		{name: "clock", args: run("clock", "", "-f", "tmpfs", "-t", "^selftest.TestLeave/(nothing|again)$").args, check: kvmClock},
		{name: "exec", args: slices.Concat([]string{"exec", "-k", "KERNEL", "--accel", "kvm"}, kvmPatience, []string{"--", "./splicelab", "version"}), check: kvmVersion},
	}, 200
}

// kvmScript runs the steps, whatever becomes of each. Two emulated VMs at once, on two
// emulated processors, take many times as long as one after the other.
func kvmScript(kernel string, steps []kvmStep) string {
	var b strings.Builder
	b.WriteString("export SPLICELAB_CACHE=/var/cache/splicelab SPLICELAB_STATE=/var/lib/splicelab SPLICELAB_GUEST_DIR=/lab/guest SPLICELAB_RUN_JOBS=1\n")
	for _, s := range steps {
		var words []string
		for _, w := range kvmArgs(s, kernel, "out/"+s.name+".json") {
			words = append(words, shell.Quote(w))
		}
		fmt.Fprintf(&b, "echo \"== $SECONDS s: %[1]s\"\n./splicelab %[2]s >out/%[1]s.out 2> >(tee out/%[1]s.err >&2)\necho $? >out/%[1]s.code\nsave\n", s.name, strings.Join(words, " "))
	}
	b.WriteString("echo \"== $SECONDS s: the end\"\n")
	return b.String()
}

// kvmSelector selects a kernel of an unpacked package, with its modules: without
// virtio-blk, a disk is NVMe, and no VM with one is restored.
func kvmSelector(kernel string) string {
	tree, release := filepath.Dir(filepath.Dir(kernel)), strings.TrimPrefix(filepath.Base(kernel), "vmlinuz-")
	escape := func(path string) string { return strings.ReplaceAll(path, "+", "%2B") }
	return fmt.Sprintf("file:%s?modules=%s&config=%s", kernel,
		escape(filepath.Join(tree, "lib/modules", release)), escape(filepath.Join(tree, "boot/config-"+release)))
}

func kvmArgs(s kvmStep, kernel, report string) []string {
	args := slices.Clone(s.args)
	for i, a := range args {
		switch a {
		case "KERNEL":
			args[i] = kvmSelector(kernel)
		case "JSON":
			args[i] = report
		}
	}
	return args
}

// kvmReference runs a step here under TCG.
func kvmReference(t *testing.T, dir, guest, kernel string, s kvmStep) kvmResult {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), splicelabBinary(t), append(kvmArgs(s, kernel, s.name+".json"), "--accel", "tcg")...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "SPLICELAB_GUEST_DIR=" + guest, "SPLICELAB_STATE=" + dir, "SPLICELAB_CACHE=" + linkCache(t, dir)}
	said, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	report, err := os.ReadFile(filepath.Join(dir, s.name+".json"))
	if err != nil {
		t.Fatalf("under TCG: %v:\n%s", err, said)
	}
	return kvmResult{code: cmd.ProcessState.ExitCode(), report: report}
}

func kvmRead(t *testing.T, dir, name string) kvmResult {
	t.Helper()
	read := func(suffix string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name+suffix))
		if err != nil && suffix != ".json" {
			t.Fatal(err)
		}
		return b
	}
	code, err := strconv.Atoi(strings.TrimSpace(string(read(".code"))))
	if err != nil {
		t.Fatal(err)
	}
	return kvmResult{code: code, out: read(".out"), report: read(".json")}
}

// kvmDocument is the part of a run's document that is compared.
type kvmDocument struct {
	Run struct {
		Accel             string
		Started, Finished time.Time
	}
	Cells []kvmCell
}

type kvmCell struct {
	Kernel, FS, Test, Verdict, Outcome, Detail string
	Covariates                                 map[string]string
}

func (c kvmCell) key() [3]string { return [3]string{c.Kernel, c.FS, c.Test} }

func (c kvmCell) String() string { return fmt.Sprintf("%s %q (%s)", c.Verdict, c.Outcome, c.Detail) }

func kvmParse(t *testing.T, report []byte) kvmDocument {
	t.Helper()
	var d kvmDocument
	if err := json.Unmarshal(report, &d); err != nil {
		t.Fatalf("the run's document: %v", err)
	}
	return d
}

// compare describes each cell under KVM that differs from the reference, and
// returns how many do not. The reference may have more filesystems, nothing else.
func (d kvmDocument) compare(reference kvmDocument) (equal int, different []string) {
	came := map[[3]string]kvmCell{}
	filesystems := map[string]bool{}
	for _, c := range d.Cells {
		came[c.key()], filesystems[c.FS] = c, true
	}
	for _, want := range reference.Cells {
		if !filesystems[want.FS] {
			continue
		}
		got, ok := came[want.key()]
		delete(came, want.key())
		switch {
		case !ok:
			different = append(different, fmt.Sprintf("%s: missing under KVM", want.key()))
		case got.Verdict != want.Verdict || got.Outcome != want.Outcome:
			different = append(different, fmt.Sprintf("%s: under TCG %s, under KVM %s", want.key(), want, got))
		default:
			equal++
		}
	}
	for k := range came {
		different = append(different, fmt.Sprintf("%s: only under KVM", k))
	}
	slices.Sort(different)
	return equal, different
}

func TestComparesAccelerators(t *testing.T) {
	cell := func(fs, test, verdict, outcome string) kvmCell {
		return kvmCell{Kernel: "6.12", FS: fs, Test: test, Verdict: verdict, Outcome: outcome}
	}
	reference := kvmDocument{Cells: []kvmCell{
		cell("xfs", "A", "pass", "live"), cell("xfs", "B", "fail", "zeroed"), cell("xfs", "C", "skip", ""), cell("ext4", "A", "pass", "live"),
	}}
	equal, different := reference.compare(reference)
	if equal != 4 || len(different) != 0 {
		t.Errorf("with itself: %d equal, %q", equal, different)
	}
	kvm := kvmDocument{Cells: []kvmCell{cell("xfs", "A", "pass", "live"), cell("xfs", "B", "fail", "torn"), cell("xfs", "D", "pass", "")}}
	equal, different = kvm.compare(reference)
	if equal != 1 || len(different) != 3 {
		t.Errorf("%d equal, want 1; different, want 3: %q", equal, different)
	}
}

func kvmUsed(t *testing.T, r kvmResult) {
	if accel := kvmParse(t, r.report).Run.Accel; accel != "kvm" {
		t.Errorf("the run used the accelerator %q", accel)
	}
}

// kvmClock checks that a restored VM's clock is right: KVM's own does not run in a
// template, and the lab sets the time of day.
func kvmClock(t *testing.T, r kvmResult) {
	d := kvmParse(t, r.report)
	if len(d.Cells) == 0 {
		t.Error("no cells")
	}
	for _, c := range d.Cells {
		if c.Verdict == "pass" && c.Covariates["found_time"] == "" {
			continue // a control cell
		}
		ns, err := strconv.ParseInt(c.Covariates["found_time"], 10, 64)
		if found := time.Unix(0, ns); err != nil || found.Before(d.Run.Started.Add(-time.Second)) || found.After(d.Run.Finished.Add(2*time.Second)) {
			t.Errorf("%s: the VM's time was %v (%v); the run lasted from %v to %v", c.Test, found, err, d.Run.Started, d.Run.Finished)
		}
	}
}

func kvmChosen(t *testing.T, r kvmResult) {
	var report struct {
		Findings []struct{ Health, Subject, Text string }
	}
	if err := json.Unmarshal(r.out, &report); err != nil {
		t.Fatalf("%v: %s", err, r.out)
	}
	for _, f := range report.Findings {
		if f.Subject == "accelerator" {
			if f.Health != "ok" || f.Text != "kvm: a canary boots on it" {
				t.Errorf("%s: %s", f.Health, f.Text)
			}
			return
		}
	}
	t.Errorf("nothing about the accelerator: %s", r.out)
}

func kvmVersion(t *testing.T, r kvmResult) {
	if !bytes.Contains(r.out, []byte("splicelab")) {
		t.Errorf("the program printed %q", r.out)
	}
}
