package bundle

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/internal/arch"
	labexec "github.com/splicelab/splicelab/lab/exec"
	"github.com/splicelab/splicelab/lab/report"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/outcome"
)

// fakeQEMU is a script that writes to its serial ports what a guest would.
const fakeQEMU = `#!/bin/sh
for a in "$@"; do
	case $a in
	file,path=*/console.log,id=console) console=${a#file,path=} console=${console%,*} ;;
	file,path=*/control.jsonl,id=control) control=${a#file,path=} control=${control%,*} ;;
	file,path=*/output.txt,id=output) output=${a#file,path=} output=${output%,*} ;;
	esac
done
[ -e kernel ] || exit 1
`

const hello = "echo Linux >$console; echo '{\"id\":0,\"hello\":{}}' >$control\n"

const passes = hello + "printf '=== ATTR  TestX/a outcome live\\r\\n    --- PASS: TestX/a (0.01s)\\r\\n' >$output; echo '{\"exit\":{}}' >>$control\n"

func makeBundle(t *testing.T, expect report.Expect) string {
	t.Helper()
	kernel := filepath.Join(t.TempDir(), "vmlinux")
	if err := os.WriteFile(kernel, []byte("ELF"), 0o644); err != nil {
		t.Fatal(err)
	}
	b := Bundle{
		Machine: labexec.Standalone{Arch: arch.Default(), Accel: vm.TCG, Files: map[string]string{"kernel": kernel}, Test: "TestX/a",
			Args: map[vm.Accel][]string{vm.TCG: {"-kernel", "kernel", "-append", "it's a=b $HOME"}, vm.KVM: {"-kernel", "kernel"}}},
		Report:  report.Report{Title: "a title\nof two lines", Filesystem: "xfs", Test: "s.TestX/a", Expect: expect, Repetitions: 1},
		Timeout: time.Second,
	}
	file := filepath.Join(t.TempDir(), "b"+Suffix)
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.Write(t.Context(), f, "b"), f.Close()); err != nil {
		t.Fatal(err)
	}
	return file
}

// The script gives the same verdicts as the lab.
func TestScriptJudges(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no shell")
	}
	for name, c := range map[string]struct {
		qemu   string
		expect report.Expect
		says   string
		shows  bool
	}{
		"pass":            {passes, report.Expect{Verdict: outcome.Pass, Outcome: outcome.Live}, "yes  pass live", true},
		"another outcome": {passes, report.Expect{Outcome: outcome.Zeroed}, "no  pass live", false},
		"fail":            {strings.Replace(passes, "PASS", "FAIL", 1), report.Expect{Verdict: outcome.Fail}, "yes  fail live", true},
		"skip":            {strings.Replace(passes, "PASS", "SKIP", 1), report.Expect{Verdict: outcome.Skip}, "yes  skip live", true},
		"panic":           {hello + "echo 'Kernel panic - not syncing: x' >>$console\n", report.Expect{Verdict: outcome.Crash}, "yes  crash", true},
		"silent death":    {hello, report.Expect{Verdict: outcome.Crash}, "yes  crash", true},
		"dead process":    {hello + "echo '{\"exit\":{}}' >>$control\n", report.Expect{Verdict: outcome.Fail}, "yes  fail", true},
		"no boot":         {"echo Linux >$console\n", report.Expect{Verdict: outcome.BootFail}, "yes  boot-fail", true},
		"early panic":     {"echo 'Kernel panic' >$console\n", report.Expect{Verdict: outcome.BootFail}, "yes  boot-fail", true},
		"hang":            {hello + "exec sleep 100\n", report.Expect{Verdict: outcome.Hang}, "yes  hang", true},
		"no QEMU":         {"echo 'qemu: no such machine'; exit 1\n", report.Expect{Verdict: outcome.Crash}, "QEMU failed to run the guest", false},
		"the text arrives": {passes + "case \"$*\" in *'-append it'\\''s a=b $HOME -chardev'*) ;; *) rm $output ;; esac\n",
			report.Expect{Outcome: outcome.Live}, "yes  pass live", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			qemu := filepath.Join(t.TempDir(), "qemu")
			if err := os.WriteFile(qemu, []byte(fakeQEMU+c.qemu), 0o755); err != nil {
				t.Fatal(err)
			}
			file, dir := makeBundle(t, c.expect), t.TempDir()
			err := Check(t.Context(), file, dir, qemu)
			var not *CheckError
			if c.shows != (err == nil) || err != nil && !errors.As(err, &not) {
				t.Errorf("%v", err)
			}
			cmd := exec.CommandContext(t.Context(), "sh", filepath.Join(dir, "b", scriptFile), "1")
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "QEMU=" + qemu}
			out, _ := cmd.CombinedOutput() // its code was looked at above
			if !strings.Contains(string(out), c.says) {
				t.Errorf("no %q in:\n%s", c.says, out)
			}
		})
	}
}
