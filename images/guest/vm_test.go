package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/kernels"
)

// bootWait bounds one boot: emulated, on a busy machine.
const bootWait = time.Minute

// testKernels finds unpacked kernel packages below the directory that
// SPLICELAB_TEST_KERNELS names, one directory per release.
func testKernels(t *testing.T) []kernels.Kernel {
	t.Helper()
	if os.Getenv("SPLICELAB_VM_TESTS") != "1" {
		t.Skip("SPLICELAB_VM_TESTS=1 not set: boots real kernels")
	}
	root := os.Getenv("SPLICELAB_TEST_KERNELS")
	if root == "" {
		t.Skip("SPLICELAB_TEST_KERNELS not set: a directory of unpacked kernel packages")
	}
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		t.Skip("qemu-system-x86_64 is not installed")
	}
	first := func(patterns ...string) string {
		for _, p := range patterns {
			if found, _ := filepath.Glob(p); len(found) > 0 {
				return found[0]
			}
		}
		return ""
	}
	dirs, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var all []kernels.Kernel
	for _, d := range dirs {
		dir := filepath.Join(root, d.Name())
		k := kernels.Kernel{
			Release: d.Name(),
			Digest:  d.Name(),
			BzImage: first(dir+"/boot/vmlinuz-*", dir+"/usr/lib/modules/*/vmlinuz"),
			Modules: first(dir+"/lib/modules/*", dir+"/usr/lib/modules/*"),
			Config:  first(dir+"/boot/config-*", dir+"/usr/lib/modules/*/config"),
		}
		if k.BzImage != "" {
			k.Vmlinux, k.PVH = unpacked(t, k.BzImage), true
			all = append(all, k)
		}
	}
	if len(all) == 0 {
		t.Skipf("no unpacked kernel below %s", root)
	}
	return all
}

// unpackedDir has what unpacked made, for all tests of the process.
var unpackedDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "splicelab-guest-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	unpackedDir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// unpacked is the vmlinux in a bzImage. A kernel that unpacks itself spends as
// long on that as on the rest of its boot.
func unpacked(t *testing.T, bzImage string) string {
	t.Helper()
	path := filepath.Join(unpackedDir, strings.ReplaceAll(bzImage, "/", "-"))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	image, err := os.ReadFile(bzImage)
	if err != nil {
		t.Fatal(err)
	}
	vmlinux, err := kernels.ExtractVmlinux(image)
	if err != nil {
		t.Fatalf("%s: %v", bzImage, err)
	}
	if err := os.WriteFile(path, vmlinux, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// buildGuest compiles a package of this module for the guest and returns the
// binary's path.
func buildGuest(t testing.TB, pkg string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "binary")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", pkg, err, b)
	}
	return out
}

// guest is a VM whose agent the test talks to.
type guest struct {
	t       testing.TB
	control net.Conn
	output  net.Conn
	console string // file
	lines   chan protocol.Reply
	lastID  uint64
	hello   protocol.Hello
	started time.Time

	mu  sync.Mutex
	out bytes.Buffer
	got chan struct{} // something was added to out
}

// boot starts a VM and waits for the agent's Hello.
func boot(t testing.TB, k kernels.Kernel, initrd string, extra ...string) *guest {
	t.Helper()
	dir := t.TempDir()
	g := &guest{t: t, console: filepath.Join(dir, "console"), lines: make(chan protocol.Reply, 64), got: make(chan struct{}, 1)}
	listen := func(name string) net.Listener {
		l, err := net.Listen("unix", filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return l
	}
	control, output := listen("control"), listen("output")
	args := []string{
		"-accel", "tcg", "-cpu", "max,la57=off", "-M", "q35", "-m", "512", "-nodefaults", "-display", "none", "-no-reboot",
		"-serial", "file:" + g.console,
		"-chardev", "socket,id=c1,path=" + control.Addr().String(), "-serial", "chardev:c1",
		"-chardev", "socket,id=c2,path=" + output.Addr().String(), "-serial", "chardev:c2",
		"-kernel", k.BootImage(), "-initrd", initrd, "-append", "console=ttyS0 panic=-1 quiet splicelab.control=/dev/ttyS1 splicelab.output=/dev/ttyS2",
	}
	cmd := exec.Command("qemu-system-x86_64", append(args, extra...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	g.started = time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			b, _ := os.ReadFile(g.console)
			t.Logf("qemu: %s\nconsole: %q", &stderr, b[max(0, len(b)-4000):])
		}
	})
	for l, conn := range map[net.Listener]*net.Conn{control: &g.control, output: &g.output} {
		_ = l.(*net.UnixListener).SetDeadline(time.Now().Add(10 * time.Second))
		c, err := l.Accept()
		if err != nil {
			t.Fatalf("QEMU does not connect: %v: %s", err, &stderr)
		}
		*conn = c
		t.Cleanup(func() { _ = c.Close() })
	}
	go g.readReplies()
	go g.readOutput()
	r := g.reply(bootWait)
	if r.ID != 0 || r.Hello == nil {
		t.Fatalf("first reply %+v, want Hello", r)
	}
	g.hello = *r.Hello
	return g
}

func (g *guest) readReplies() {
	defer close(g.lines)
	in := bufio.NewReaderSize(g.control, protocol.MaxLine+1)
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return
		}
		var r protocol.Reply
		if json.Unmarshal(line, &r) == nil {
			g.lines <- r
		}
	}
}

func (g *guest) readOutput() {
	buf := make([]byte, 64<<10)
	for {
		n, err := g.output.Read(buf)
		if err != nil {
			return
		}
		g.mu.Lock()
		g.out.Write(buf[:n])
		g.mu.Unlock()
		select {
		case g.got <- struct{}{}:
		default:
		}
	}
}

// reply returns the next reply.
func (g *guest) reply(d time.Duration) protocol.Reply {
	g.t.Helper()
	select {
	case r, ok := <-g.lines:
		if !ok {
			g.t.Fatal("the VM has ended")
		}
		return r
	case <-time.After(d):
		g.t.Fatalf("no reply within %v", d)
	}
	panic("not reached")
}

// send writes a request and returns its ID.
func (g *guest) send(r protocol.Request) uint64 {
	g.t.Helper()
	g.lastID++
	r.ID = g.lastID
	b, err := protocol.Encode(r)
	if err != nil {
		g.t.Fatal(err)
	}
	if _, err := g.control.Write(b); err != nil {
		g.t.Fatal(err)
	}
	return r.ID
}

// call sends a request and returns its reply, which must be the next.
func (g *guest) call(r protocol.Request) protocol.Reply {
	g.t.Helper()
	id := g.send(r)
	reply := g.reply(bootWait)
	if reply.ID != id {
		g.t.Fatalf("reply to %d, want %d: %+v", reply.ID, id, reply)
	}
	return reply
}

// must is call for a request that has to succeed.
func (g *guest) must(r protocol.Request) protocol.Reply {
	g.t.Helper()
	reply := g.call(r)
	if reply.Error != "" {
		g.t.Fatalf("%+v: %s (%s) %q", r, reply.Error, reply.Errno, reply.Log)
	}
	return reply
}

// waitOutput returns the output before the given text and discards both.
func (g *guest) waitOutput(until string) string {
	g.t.Helper()
	deadline := time.After(bootWait)
	for {
		g.mu.Lock()
		if i := bytes.Index(g.out.Bytes(), []byte(until)); i >= 0 {
			s := string(g.out.Next(i))
			g.out.Next(len(until))
			g.mu.Unlock()
			return s
		}
		g.mu.Unlock()
		select {
		case <-g.got:
		case <-deadline:
			g.t.Fatalf("no %q in the output: %q", until, g.out.String())
		}
	}
}

// mark is what ends the output of a child with the given token.
func mark(token string) string { return "\n" + protocol.EndMark(token) + "\n" }

// run executes a child and returns its output and exit status.
func (g *guest) run(e protocol.Exec) (string, protocol.Exit) {
	g.t.Helper()
	e.Token = fmt.Sprintf("token-%d", g.lastID)
	r := g.must(protocol.Request{Exec: &e})
	out := g.waitOutput(mark(e.Token))
	if r.Exit == nil {
		g.t.Fatalf("no exit in %+v", r)
	}
	return out, *r.Exit
}

// TestProfiles mounts every built-in profile on every kernel and uses it.
func TestProfiles(t *testing.T) {
	all := testKernels(t)
	profiles, err := images.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	builder := images.Builder{Dir: t.TempDir()}
	agent := buildGuest(t, ".")
	actor := buildGuest(t, "./testdata/actor")
	for _, k := range all {
		t.Run(k.Release, func(t *testing.T) {
			var want []string
			var possible []images.Profile
			for _, p := range profiles {
				if p.Pmem {
					continue // the disks of this VM are not persistent memory
				}
				possible = append(possible, p)
				for _, m := range p.WantedModules() {
					if images.HasModule(k, m) == images.Missing {
						t.Logf("%s: module %s is missing", p.Name, m)
						possible = possible[:len(possible)-1]
						break
					}
				}
			}
			var extra []string
			driver := "virtio-blk-pci,drive=d%d"
			if images.HasModule(k, "virtio_blk") == images.Missing {
				driver = "nvme,serial=s%[1]d,drive=d%[1]d"
			} else {
				want = append(want, "virtio_blk")
			}
			for i, p := range possible {
				want = append(want, p.WantedModules()...)
				if !p.HasDisk() {
					continue
				}
				d, err := builder.Disk(context.Background(), p)
				if err != nil {
					t.Fatal(err)
				}
				extra = append(extra,
					"-drive", fmt.Sprintf("file=%s,if=none,id=d%d,snapshot=on,format=raw,cache=unsafe", d.Path, i),
					"-device", fmt.Sprintf(driver, i))
			}
			image, err := builder.Initramfs(context.Background(), images.Spec{
				Kernel: k, Agent: agent, Modules: want, Files: map[string]string{"/actor": actor},
			})
			if err != nil {
				t.Fatal(err)
			}
			g := boot(t, k, image.Path, extra...)
			t.Logf("Hello after %v (uptime %d ms)", time.Since(g.started).Round(time.Millisecond), g.hello.UptimeM)
			g.must(protocol.Request{Modules: &protocol.Modules{Paths: image.Load}})
			disks := 0
		profile:
			for _, p := range possible {
				target := "/mnt/" + p.Name
				for _, s := range p.Steps(target) {
					m := protocol.Mount(s)
					if m.Device == images.Disk0 {
						m.Device = fmt.Sprintf("disk%d", disks)
						disks++
					}
					r := g.call(protocol.Request{Mount: &m})
					// Without the configuration and the list of built-in
					// modules, only the mount can tell that there is no such
					// filesystem.
					if r.Errno == "ENODEV" && images.HasModule(k, p.Type) == images.Unknown {
						t.Logf("%s: %s", p.Name, r.Error)
						continue profile
					}
					if r.Error != "" {
						t.Fatalf("%s: %s (%s) %q", p.Name, r.Error, r.Errno, r.Log)
					}
				}
				out, exit := g.run(protocol.Exec{Path: "/actor", Args: []string{"fs", target}, Dir: target})
				if exit.Code != 0 {
					t.Errorf("%s: exit %+v: %s", p.Name, exit, out)
				}
				t.Logf("%s: %s", p.Name, strings.TrimSpace(out))
			}
		})
	}
}
