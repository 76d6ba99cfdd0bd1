package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/u-root/u-root/pkg/mount"
	"golang.org/x/sys/unix"
)

// system lists what is mounted before the first request, in order. A failure is
// logged but not fatal: kernels may lack cgroup2, debugfs or tracefs.
var system = []struct{ device, target, fstype, data string }{
	{"devtmpfs", "/dev", "devtmpfs", "mode=0755"},
	{"proc", "/proc", "proc", ""},
	{"sysfs", "/sys", "sysfs", ""},
	{"devpts", "/dev/pts", "devpts", "mode=0620,ptmxmode=0666"},
	{"shm", "/dev/shm", "tmpfs", "mode=1777"},
	{"tmp", "/tmp", "tmpfs", "mode=1777"},
	{"run", "/run", "tmpfs", "mode=0755"},
	{"debugfs", "/sys/kernel/debug", "debugfs", ""},
	{"tracefs", "/sys/kernel/tracing", "tracefs", ""},
	{"cgroup2", "/sys/fs/cgroup", "cgroup2", ""},
}

// links are the names in /dev that devtmpfs does not create.
var links = map[string]string{
	"/dev/fd":     "/proc/self/fd",
	"/dev/stdin":  "/proc/self/fd/0",
	"/dev/stdout": "/proc/self/fd/1",
	"/dev/stderr": "/proc/self/fd/2",
}

// settings make the kernel report problems; missing ones are skipped.
var settings = map[string]string{
	"/proc/sys/kernel/hung_task_timeout_secs": "10", // a task in D state is reported well before a cell's deadline
	"/proc/sys/kernel/panic":                  "-1", // reboot at once: QEMU then exits, which the host notices
	"/proc/sys/kernel/sysrq":                  "1",  // the host requests the stacks of a hung guest
}

// consoleLevel is KERN_DEBUG: debug messages stay off the console, where every
// byte costs an exit to the host.
const consoleLevel = 7

// prepare turns a bare initramfs into an environment for test binaries.
func prepare() {
	unix.Umask(0o022)
	// Not in the image: a kernel also requests modules while it boots, which tests do
	// not need, and each start of the agent takes a quarter of a second under TCG.
	if err := os.Symlink("/init", modprobeName); err != nil {
		logf("%v", err)
	}
	for _, m := range system {
		mkdir := func() error { return os.MkdirAll(m.target, 0o755) }
		if _, err := mount.Mount(m.device, m.target, m.fstype, m.data, 0, mkdir); err != nil && essential(m.target) {
			logf("%v", err)
		}
	}
	for name, target := range links {
		if err := os.Symlink(target, name); err != nil && !os.IsExist(err) {
			logf("%v", err)
		}
	}
	for path, value := range settings {
		if err := writeSetting(path, value); err != nil && !os.IsNotExist(err) {
			logf("%v", err)
		}
	}
	// SYSLOG_ACTION_CONSOLE_LEVEL (8) takes the level as the buffer's length.
	if _, err := unix.Klogctl(8, make([]byte, consoleLevel)); err != nil {
		logf("setting the console's log level: %v", err)
	}
	if err := setOOMScore(agentOOMScore); err != nil {
		logf("%v", err)
	}
	if err := loopbackUp(); err != nil {
		logf("%v", err)
	}
}

// essential lists the mounts without which tests cannot run; the others depend
// on the kernel's configuration and are skipped silently.
func essential(target string) bool {
	switch target {
	case "/dev", "/proc", "/sys", "/tmp":
		return true
	}
	return false
}

// writeSetting writes to a procfs or sysfs file, which must exist.
func writeSetting(path, value string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return closeWith(f, err)
}

// loopbackUp brings the lo interface up: socket tests need 127.0.0.1.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("bringing lo up: %w", err)
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("bringing lo up: %w", err)
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req); err != nil {
		return fmt.Errorf("bringing lo up: %w", err)
	}
	return nil
}

// logf reports the agent's own problems on the guest's console, through the
// kernel log so that lines are not interleaved.
func logf(format string, args ...any) {
	line := "splicelab agent: " + strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", " ")
	if f, err := os.OpenFile("/dev/kmsg", os.O_WRONLY, 0); err == nil {
		// Without the newline, printk keeps the record open for a continuation
		// and does not show it before the next one (from 5.10 on).
		_, err = f.WriteString("<4>" + line + "\n")
		if closeWith(f, err) == nil {
			return
		}
	}
	fmt.Fprintln(os.Stderr, line)
}

// closeWith closes f and returns err, or the error of closing if err is nil.
func closeWith(f *os.File, err error) error {
	if cerr := f.Close(); err == nil {
		return cerr
	}
	return err
}
