package bench

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/vm"
)

// standIn puts a script on PATH under a tool's name.
func standIn(t *testing.T, name, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func guestOf() toolGuest {
	return toolGuest{kernel: kernels.Kernel{BzImage: "/k/vmlinuz", Vmlinux: "/k/vmlinux", PVH: true}, accel: vm.TCG, memoryMiB: 512, cpus: 1,
		binary: "/g/splice.test", args: []string{"-test.run=^TestWrite$", "-test.v"}}
}

// row runs a tool's step three times, as three rounds do.
func row(ctx context.Context, tl tool) Row {
	var s series
	step := toolStep(tl, guestOf(), &s)
	for range 3 {
		step.run(ctx)
	}
	return s.row(Row{What: tl.name, Unit: Seconds})
}

func TestToolThatWorks(t *testing.T) {
	standIn(t, "virtrun", "exit 0\n")
	if r := row(t.Context(), tools[0]); len(r.Samples) != 3 || r.Note != "" {
		t.Errorf("%+v, want three samples", r)
	}
}

func TestToolThatFails(t *testing.T) {
	calls := filepath.Join(t.TempDir(), "calls")
	standIn(t, "vimto", "echo x >>"+calls+"\necho 'no 9p in this kernel' >&2\nexit 3\n")
	r := row(t.Context(), tools[2])
	if len(r.Samples) != 0 || r.Note != "exit status 3: no 9p in this kernel" {
		t.Errorf("%+v, want its exit status and last words", r)
	}
	if b, _ := os.ReadFile(calls); string(b) != "x\n" {
		t.Errorf("it was run again after it had failed: %q", b)
	}
}

func TestToolThatIsNotThere(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, tl := range tools {
		if r := row(t.Context(), tl); len(r.Samples) != 0 || r.Note != "not on PATH" {
			t.Errorf("%s: %+v, want not on PATH", tl.name, r)
		}
	}
}

// Every tool is asked for the same: the kernel, the memory, no KVM where the
// lab has none, and the one test, whose arguments come last.
func TestToolCommands(t *testing.T) {
	for _, tl := range tools {
		g := guestOf()
		args, env := tl.command(g)
		all := strings.Join(slices.Concat(env, args), " ")
		for _, want := range []string{"/k/vmlinu", "512", "-test.v"} {
			if !strings.Contains(all, want) {
				t.Errorf("%s: %q lacks %q", tl.name, all, want)
			}
		}
		if !strings.HasSuffix(all, "/g/splice.test -test.run=^TestWrite$ -test.v") {
			t.Errorf("%s: %q does not end with the test", tl.name, all)
		}
		g.accel = vm.KVM
		args, env = tl.command(g)
		if kvm := strings.Join(slices.Concat(env, args), " "); kvm == all || len(kvm) > len(all) {
			t.Errorf("%s: KVM is not ruled out under TCG alone: %q", tl.name, kvm)
		}
	}
}

// A tool that is interrupted leaves nothing behind, also none of what it
// started itself.
func TestToolIsEndedWithItsChildren(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "child")
	if err := exec.Command("mkfifo", fifo).Run(); err != nil {
		t.Skip("mkfifo: ", err)
	}
	standIn(t, "vng", "sleep 1000 &\necho $! >"+fifo+"\nwait\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := tools[1].run(ctx, guestOf())
		ended <- err
	}()
	f, err := os.Open(fifo) // waits for the script
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(f)
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("an interrupted tool has a result")
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d lives on", pid)
		}
	}
}
