package confine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/confine"
)

// actEnv makes the test binary try one thing and print the result.
const actEnv = "SPLICELAB_CONFINE_ACT"

func TestMain(m *testing.M) {
	if act := os.Getenv(actEnv); act != "" {
		fmt.Print(try(act))
		syscall.Exit(0) // in os.Exit the race detector, which cannot read its options in /proc, sleeps for a second
	}
	os.Exit(m.Run())
}

// try does what its argument says: a verb and a path or number.
func try(act string) string {
	verb, on, _ := strings.Cut(act, " ")
	var err error
	switch verb {
	case "read":
		_, err = os.ReadFile(on)
	case "write":
		var f *os.File
		if f, err = os.OpenFile(on, os.O_WRONLY, 0); err == nil {
			_, err = f.WriteString("x")
		}
	case "create":
		err = os.WriteFile(on, nil, 0o600)
	case "list":
		_, err = os.ReadDir(on)
	case "run":
		err = exec.Command(on).Run()
	case "socket":
		var domain int
		_, _ = fmt.Sscan(on, &domain)
		_, err = syscall.Socket(domain, syscall.SOCK_STREAM, 0)
	case "io_uring":
		var params [120]byte // struct io_uring_params
		_, _, errno := syscall.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
		err = errno
	case "user":
		status, err := os.ReadFile("/proc/self/status")
		return fmt.Sprint(os.Getuid(), os.Getgid(), err, strings.Contains(string(status), "NoNewPrivs:\t1"))
	case "namespaces":
		net, err := os.Readlink("/proc/self/ns/net")
		if err != nil {
			return err.Error()
		}
		ipc, _ := os.Readlink("/proc/self/ns/ipc")
		return net + ipc
	case "memory":
		return fmt.Sprint(len(bytes.Repeat([]byte{1}, 1<<30)))
	case "spin":
		for n := 0; ; n++ {
			runtime.KeepAlive(n)
		}
	case "sleep":
		_ = unix.Pause() // until it is killed
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return fmt.Sprint(err)
}

// self is this test as a program that tries something.
func self(t *testing.T, act string) (*exec.Cmd, string) {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path)
	cmd.Env = []string{actEnv + "=" + act}
	return cmd, path
}

// attempt tries something under a policy and returns what was printed.
func attempt(t *testing.T, p confine.Policy, act string) (string, error) {
	t.Helper()
	cmd, path := self(t, act)
	p.Execute = append(append(p.Execute, path), confine.System...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := p.Run(t.Context(), cmd)
	return out.String(), err
}

// needLandlock skips on a kernel without it, where files are not confined.
func needLandlock(t *testing.T) {
	t.Helper()
	if confine.LandlockVersion() == 0 {
		t.Skip("this host's kernel has no Landlock")
	}
}

// A program may use the files that its policy names, in the way that it allows,
// and no others.
func TestFiles(t *testing.T) {
	needLandlock(t)
	dir := t.TempDir()
	file := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/true\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	readable, writable, secret := file("readable"), file("writable"), file("secret")
	open := filepath.Join(dir, "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(open, "link")
	if err := os.Symlink(secret, link); err != nil {
		t.Fatal(err)
	}
	p := confine.Policy{Read: []string{readable}, Write: []string{writable}, WriteDirs: []string{open}}
	const denied = "permission denied"
	for act, want := range map[string]string{
		"read " + readable:                     "<nil>",
		"write " + readable:                    denied,
		"run " + readable:                      denied,
		"read " + writable:                     "<nil>",
		"write " + writable:                    "<nil>",
		"read " + secret:                       denied,
		"write " + secret:                      denied,
		"read " + link:                         denied,
		"list " + dir:                          denied,
		"create " + filepath.Join(dir, "new"):  denied,
		"create " + filepath.Join(open, "new"): "<nil>",
		"read /etc/passwd":                     denied,
		"read /proc/1/status":                  denied,
		"read /dev/null":                       "<nil>",
		"run /bin/true":                        "<nil>",
	} {
		if got, err := attempt(t, p, act); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", act, got, err, want)
		}
	}
}

func TestSockets(t *testing.T) {
	for _, domain := range []int{syscall.AF_UNIX, syscall.AF_INET, syscall.AF_INET6, syscall.AF_NETLINK, syscall.AF_PACKET} {
		if got, err := attempt(t, confine.Policy{}, fmt.Sprint("socket ", domain)); got != "permission denied" || err != nil {
			t.Errorf("domain %d: %q, %v", domain, got, err)
		}
	}
}

// io_uring can open sockets without socket(2).
func TestIOUring(t *testing.T) {
	if try("io_uring") != "errno 0" {
		t.Skip("this host has no io_uring")
	}
	if got, err := attempt(t, confine.Policy{}, "io_uring"); got != "permission denied" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// Root's programs run as another user, and gain no privileges.
func TestUser(t *testing.T) {
	same := fmt.Sprint(os.Getuid(), os.Getgid(), nil, true)
	other := same
	if os.Getuid() == 0 {
		other = fmt.Sprint(confine.Nobody, confine.Nobody, nil, true)
	}
	for keep, want := range map[bool]string{false: other, true: same} {
		got, err := attempt(t, confine.Policy{KeepUser: keep, Read: []string{"/proc"}}, "user")
		if got != want || err != nil {
			t.Errorf("keep user %t: %q, %v, want %q", keep, got, err, want)
		}
	}
}

// Root's programs share neither network nor IPC objects with anybody.
func TestNamespaces(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("not root: only root makes namespaces")
	}
	if err := exec.CommandContext(t.Context(), "unshare", "--net", "true").Run(); err != nil {
		t.Skipf("root may not make namespaces here: %v", err)
	}
	own := try("namespaces")
	if got, err := attempt(t, confine.Policy{Read: []string{"/proc"}}, "namespaces"); err != nil || !strings.HasPrefix(got, "net:") || got[:16] == own[:16] {
		t.Errorf("%q, %v; the caller's are %q", got, err, own)
	}
}

func TestLimits(t *testing.T) {
	if got, err := attempt(t, confine.Policy{Limits: confine.Limits{AddressSpace: 2 << 30}}, "memory"); err == nil {
		t.Errorf("it got a GiB: %q", got)
	}
	_, err := attempt(t, confine.Policy{Limits: confine.Limits{CPU: time.Second}}, "spin")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("a program that spins: %v, want it killed", err)
	}
}

// The restrictions stay with the program: its thread serves nobody else.
func TestCallerIsNotConfined(t *testing.T) {
	for range 20 {
		if _, err := attempt(t, confine.Policy{}, "list /"); err != nil {
			t.Fatal(err)
		}
		if _, err := os.ReadFile("/etc/passwd"); err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cmd, path := self(t, "sleep")
	ended := make(chan error, 1)
	go func() { ended <- confine.Policy{Execute: append([]string{path}, confine.System...)}.Run(ctx, cmd) }()
	cancel(why)
	if err := <-ended; !errors.Is(err, why) {
		t.Errorf("ended with %v", err)
	}
}
