package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/outcome"
)

// TestFragmentsOfLinux shows that each of the lab's fragments takes on a real
// kernel, and that one with all of them builds, boots and runs cells.
func TestFragmentsOfLinux(t *testing.T) {
	repo := slowTest(t)
	cfg, err := config.Load(pflag.NewFlagSet("", pflag.ContinueOnError), "")
	if err != nil {
		t.Fatal(err)
	}
	store, err := kernels.OpenStore(filepath.Join(cfg.Cache, "kernels"))
	if err != nil {
		t.Fatal(err)
	}
	b := source.Build{Name: "fragments", Tree: repo, Ref: "good"}
	for _, name := range ownFragments() {
		if name == "lab" {
			continue // the base
		}
		one := b
		one.Fragments = []string{name}
		p, err := source.Builder{Store: store}.Prepare(t.Context(), one)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Warning != "" {
			t.Errorf("%s: %s", name, p.Warning)
		}
		p.Close()
		b.Fragments = append(b.Fragments, name)
	}

	dir := t.TempDir()
	yaml := "kernels:\n  builds:\n    - {name: fragments, tree: " + repo + ", ref: good, fragments: [" + strings.Join(b.Fragments, ", ") + "]}\n"
	if err := os.WriteFile(filepath.Join(dir, "splicelab.yaml"), []byte(yaml), 0o644); err != nil {
		t.Fatal(err)
	}
	run := bisectProcess(t, dir)
	run.Args = []string{"splicelab", "run", "-k", "build:fragments", "-f", "tmpfs,xfs", "-t", "TestWrite/|TestPunchHoleInPage/",
		"--policy", "alias", "--isolation", "vm", "--memory", "1024", "--boot-timeout", "5m", "--cell-timeout", "5m", "--silence-timeout", "1m", "--json", "run.json"}
	run.Env = append(run.Env, "SPLICELAB_CONFIG=splicelab.yaml")
	run.Stderr = os.Stderr
	if err := run.Run(); run.ProcessState.ExitCode() != exit.OK && run.ProcessState.ExitCode() != exit.Failed {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Run   struct{ Conditions map[string]string }
		Cells []struct {
			FS, Test, Detail string
			Verdict          outcome.Verdict
			Outcome          outcome.Outcome
		}
	}
	if err := json.Unmarshal(content, &got); err != nil {
		t.Fatal(err)
	}
	commit := ""
	for name, value := range got.Run.Conditions {
		if strings.HasPrefix(name, "commit ") {
			commit = value
		}
	}
	if at, err := exec.CommandContext(t.Context(), "git", "-C", repo, "rev-parse", "good").Output(); err != nil || commit != strings.TrimSpace(string(at)) {
		t.Errorf("the run says commit %q, git %s, %v", commit, at, err)
	}
	seen := 0
	for _, c := range got.Cells {
		// A debugging kernel finds what it finds, but it has to run to the end.
		if c.Verdict == outcome.Infra || c.Verdict == outcome.BootFail || c.Verdict == outcome.Hang {
			t.Errorf("%s on %s: %s (%s)", c.Test, c.FS, c.Verdict, c.Detail)
		}
		if strings.HasPrefix(c.Test, "splice.TestWrite/") && c.Outcome == outcome.Live {
			seen++
		}
	}
	if seen == 0 {
		t.Error("no cell saw what every kernel shows")
	}

	// Each debugging aid is not only there, it is on. UBSAN says nothing of itself.
	program := filepath.Join(dir, "dmesg")
	if err := os.WriteFile(program+".go", []byte(dmesg), 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, program+".go")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var log bytes.Buffer
	look := bisectProcess(t, dir)
	look.Args = []string{"splicelab", "exec", "-k", "build:fragments", "--memory", "1024", "--boot-timeout", "5m", "--silence-timeout", "1m", "--", program}
	look.Stdout, look.Stderr = &log, os.Stderr
	if err := look.Run(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"KernelAddressSanitizer initialized", "Lock dependency validator", "Validating architecture page table helpers", "page owner found early allocated", "page_poison=1"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the kernel's log does not have %q", want)
		}
	}
	if t.Failed() {
		t.Log(log.String())
	}
}

// dmesg prints the kernel's log, as dmesg(1) does.
const dmesg = `package main

import (
	"os"
	"syscall"
)

func main() {
	const readAll, sizeBuffer = 3, 10
	n, err := syscall.Klogctl(sizeBuffer, nil)
	if err != nil {
		panic(err)
	}
	b := make([]byte, n)
	if n, err = syscall.Klogctl(readAll, b); err != nil {
		panic(err)
	}
	if _, err = os.Stdout.Write(b[:n]); err != nil {
		panic(err)
	}
}
`
