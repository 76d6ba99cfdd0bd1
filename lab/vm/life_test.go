package vm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// helperEnv makes the test binary play the lab: it starts a VM with the kernel
// that the variable names, prints QEMU's pid, and waits.
const helperEnv = "SPLICELAB_VM_HELPER"

func TestMain(m *testing.M) {
	if kernel := os.Getenv(helperEnv); kernel != "" {
		os.Exit(playLab(kernel))
	}
	os.Exit(m.Run())
}

func playLab(kernel string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	v, err := Start(ctx, Config{Kernel: kernel})
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	fmt.Println(v.Pid())
	<-v.Done()
	return 0
}

// blank returns a file that QEMU accepts as a kernel, and that runs forever
// without doing anything: enough to test QEMU itself.
func blank(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "blank")
	if err := os.WriteFile(path, make([]byte, 8192), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// openPid returns a pidfd: it refers to this process even after its death.
func openPid(t *testing.T, pid int) int {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatalf("process %d: %v", pid, err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

// awaitDeath waits for the process of a pidfd to exit.
func awaitDeath(t *testing.T, pidfd int) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		left := time.Until(deadline)
		if left <= 0 {
			_ = unix.PidfdSendSignal(pidfd, unix.SIGKILL, nil, 0)
			t.Fatal("QEMU outlived the lab")
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, int(left.Milliseconds())+1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
	}
}

// QEMU dies with the lab, however the lab dies.
func TestDiesWithTheLab(t *testing.T) {
	needQEMU(t)
	kernel := blank(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL, syscall.SIGABRT} {
		t.Run(unix.SignalName(sig), func(t *testing.T) {
			lab := exec.Command(os.Args[0])
			lab.Env = append(os.Environ(), helperEnv+"="+kernel)
			// A process group of its own, to which the signal is sent as the
			// terminal sends a Ctrl-C.
			lab.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			out, err := lab.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := lab.Start(); err != nil {
				t.Fatal(err)
			}
			line, _ := bufio.NewReader(out).ReadString('\n')
			pid, err := strconv.Atoi(strings.TrimSpace(line))
			if err != nil {
				_ = lab.Process.Kill()
				_ = lab.Wait()
				t.Fatalf("the lab said %q", line)
			}
			qemu := openPid(t, pid)
			if group, err := unix.Getpgid(pid); err != nil || group != pid {
				t.Errorf("QEMU is in process group %d, not its own (%d): %v", group, pid, err)
			}
			if err := syscall.Kill(-lab.Process.Pid, sig); err != nil {
				t.Fatal(err)
			}
			_ = lab.Wait()
			awaitDeath(t, qemu)
		})
	}
}

func TestDiesWithItsContext(t *testing.T) {
	needQEMU(t)
	ctx, cancel := context.WithCancel(t.Context())
	v := start(t, ctx, Config{Kernel: blank(t)})
	cancel()
	exit := await(t, v)
	if exit.ByGuest() || exit.Signal != syscall.SIGKILL || exit.Code != -1 {
		t.Errorf("exit %+v", exit)
	}
	if _, err := Start(ctx, Config{Kernel: blank(t)}); !errors.Is(err, context.Canceled) {
		t.Errorf("started with a cancelled context: %v", err)
	}
}

func TestKill(t *testing.T) {
	needQEMU(t)
	v := start(t, t.Context(), Config{Kernel: blank(t)})
	if got := v.Exit(); got != (Exit{}) {
		t.Errorf("exit %+v of a running VM", got)
	}
	qemu := openPid(t, v.Pid())
	for range 2 {
		v.Kill()
	}
	awaitDeath(t, qemu)
	if exit := v.Exit(); exit.Signal != syscall.SIGKILL || exit.ByGuest() {
		t.Errorf("exit %+v", exit)
	}
	if _, err := v.Monitor().Run([]byte(`{"execute": "query-status"}`)); !errors.Is(err, ErrDisconnected) {
		t.Errorf("the monitor of a dead VM: %v", err)
	}
}

func TestQuit(t *testing.T) {
	needQEMU(t)
	v := start(t, t.Context(), Config{Kernel: blank(t)})
	d, err := v.Domain()
	if err != nil {
		t.Fatal(err)
	}
	if version, err := d.Version(); err != nil || version == "" {
		t.Errorf("version %q, %v", version, err)
	}
	if _, err := v.Monitor().Run([]byte(`{"execute": "quit"}`)); err != nil {
		t.Fatal(err)
	}
	if exit := await(t, v); exit.Reason != "host-qmp-quit" || exit.ByGuest() || exit.Code != 0 {
		t.Errorf("exit %+v", exit)
	}
}

// The process limits hold, and QEMU gets none of the lab's files.
func TestLimits(t *testing.T) {
	needQEMU(t)
	cfg := Config{Kernel: blank(t), MemoryMiB: 256}
	secret, err := os.Create(filepath.Join(t.TempDir(), "secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	v := start(t, t.Context(), cfg)
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", v.Pid()))
	if err != nil {
		t.Fatal(err)
	}
	for resource, want := range map[string]uint64{
		"Max core file size": 0,
		"Max address space":  (256 + tcgCacheMiB + headroomMiB) << 20,
	} {
		if !regexp.MustCompile(fmt.Sprintf(`(?m)^%s +%d +%[2]d +bytes`, resource, want)).Match(limits) {
			t.Errorf("%s is not %d:\n%s", resource, want, limits)
		}
	}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", v.Pid()))
	if err != nil {
		t.Fatal(err)
	}
	sockets := 0
	for _, fd := range fds {
		target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", v.Pid(), fd.Name()))
		if strings.HasPrefix(target, "socket:") {
			sockets++
		}
		if target == secret.Name() {
			t.Errorf("QEMU inherited the lab's file as %s", fd.Name())
		}
	}
	if sockets != numPorts {
		t.Errorf("QEMU has %d sockets, want %d", sockets, numPorts)
	}
}

func TestCPUTime(t *testing.T) {
	needQEMU(t)
	v := start(t, t.Context(), Config{Kernel: blank(t)})
	first := v.CPUTime()
	if first <= 0 {
		t.Errorf("a running QEMU has used %v", first)
	}
	v.Kill()
	if last := v.CPUTime(); last < first {
		t.Errorf("CPU time fell from %v to %v", first, last)
	}
}

// Fifty VMs in a row leave no file, goroutine, process or overlay.
func TestNoLeaks(t *testing.T) {
	needVM(t)
	disk := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(disk, make([]byte, 1<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg := Config{Kernel: blank(t), TempDir: t.TempDir(), Disks: []Disk{{Path: disk}, {Path: disk, Driver: NVMe}}}
	once := func() {
		v, err := Start(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Domain(); err != nil {
			t.Fatal(err)
		}
		v.Kill()
	}
	once() // one-time files are opened now
	files, goroutines := openFiles(t), runtime.NumGoroutine()
	for range 50 {
		once()
	}
	if n := openFiles(t); n > files {
		t.Errorf("%d open files, %d before", n, files)
	}
	// A goroutine that has finished its work may need a moment to exit.
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > goroutines; runtime.Gosched() {
		if time.Now().After(deadline) {
			buf := make([]byte, 64<<10)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), goroutines, buf[:runtime.Stack(buf, true)])
		}
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/children", os.Getpid()))
	if err == nil && strings.TrimSpace(string(children)) != "" {
		t.Errorf("children left: %s", children)
	}
	if left, _ := os.ReadDir(cfg.TempDir); len(left) > 0 {
		t.Errorf("left in the temporary directory: %v", left)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(fds)
}
