package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
)

// units copies the units to a directory, with an installation there that they
// name instead of /usr/local.
func units(t *testing.T) (service, timer string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(splicelabBinary(t), filepath.Join(dir, "bin", "splicelab")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"splicelab-nightly.service", "splicelab-nightly.timer"} {
		b, err := os.ReadFile(filepath.Join("../../dist/systemd", name))
		if err != nil {
			t.Fatal(err)
		}
		b = []byte(strings.ReplaceAll(string(b), "/usr/local", dir))
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "splicelab-nightly.service"), filepath.Join(dir, "splicelab-nightly.timer")
}

// TestUnits has systemd's own checker read the units: it knows every setting,
// and what a program that has it could still do.
func TestUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not on PATH: it reads the units")
	}
	service, timer := units(t)
	out, err := exec.CommandContext(t.Context(), analyze, "verify", service, timer).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("verify: %v\n%s", err, out)
	}
	// From 0, nothing, to 100, everything. What is left is the network, which
	// fetching kernels and telling people takes, and /dev/kvm.
	out, err = exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--threshold=20", "--no-pager", service).CombinedOutput()
	if strings.Contains(string(out), "unrecognized option") || strings.Contains(string(out), "Unknown") {
		t.Skip("this systemd-analyze cannot rate a unit that is not installed: systemd 250 can")
	}
	if err != nil {
		t.Errorf("security: %v\n%s", err, out)
	}
}

// What the checker cannot know: the unit starts the verb that there is, the
// timer its service, and a QEMU without KVM must be able to run.
func TestUnitsFitTheProgram(t *testing.T) {
	read := func(name string) string {
		t.Helper()
		b, err := os.ReadFile(filepath.Join("../../dist/systemd", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	service, timer := read("splicelab-nightly.service"), read("splicelab-nightly.timer")
	for _, line := range []string{"Type=oneshot", "KillMode=mixed", "ProtectSystem=strict", "NoNewPrivileges=yes", "DeviceAllow=/dev/kvm rw", "StateDirectory=splicelab", "CacheDirectory=splicelab"} {
		if !strings.Contains(service, "\n"+line+"\n") {
			t.Errorf("the service does not have %s", line)
		}
	}
	if strings.Contains(service, "\nMemoryDenyWriteExecute=yes") {
		t.Error("QEMU without KVM writes the code that it runs")
	}
	for _, line := range []string{"Persistent=true", "OnCalendar=*-*-* 02:30:00", "RandomizedDelaySec=30min"} {
		if !strings.Contains(timer, "\n"+line+"\n") {
			t.Errorf("the timer does not have %s", line)
		}
	}
	_, command, _ := strings.Cut(service, "\nExecStart=/usr/local/bin/splicelab ")
	verb, _, _ := strings.Cut(command, "\n")
	a := &app{Output: output.Output{Stderr: os.Stderr}}
	if cmd, _, err := a.command().Find(strings.Fields(verb)); err != nil || cmd.Name() != "nightly" {
		t.Errorf("the service starts %q, which is %v, %v", verb, cmd, err)
	}
}
