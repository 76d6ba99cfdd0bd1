package vm

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/u-root/u-root/pkg/cpio"
	"golang.org/x/sys/unix"
)

// guest is an init for the tests of the channels: it executes one-word commands
// from the control port.
const guest = `package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

func raw(f *os.File) {
	var t syscall.Termios
	syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TCGETS, uintptr(unsafe.Pointer(&t)))
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cflag |= syscall.CS8
	syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TCSETS, uintptr(unsafe.Pointer(&t)))
}

func open(name string) *os.File {
	fd, err := syscall.Open(name, syscall.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		panic(err)
	}
	f := os.NewFile(uintptr(fd), name)
	return f
}

func main() {
	os.Mkdir("/dev", 0o755)
	syscall.Mount("dev", "/dev", "devtmpfs", 0, "")
	control, output := open("/dev/ttyS1"), open("/dev/ttyS2")
	raw(control)
	raw(output)
	fmt.Fprintln(control, "ready")
	lines, count := bufio.NewReader(control), 0
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			panic(err)
		}
		switch word := strings.TrimSpace(line); word {
		case "bytes":
			p := make([]byte, 64<<10)
			for i := range p {
				p[i] = byte(i ^ i>>8)
			}
			output.Write(p)
		case "disk":
			f, err := os.OpenFile("/dev/nvme0n1", os.O_RDWR|os.O_SYNC, 0)
			if err != nil {
				f, err = os.OpenFile("/dev/vda", os.O_RDWR|os.O_SYNC, 0)
			}
			if err == nil {
				p := make([]byte, 4096)
				_, err = f.ReadAt(p, 0)
				line = string(p[:16])
				for i := 0; err == nil && i < 16; i++ {
					_, err = f.WriteAt(make([]byte, 1<<20), int64(i)<<20)
				}
			}
			fmt.Fprintln(control, line, err)
		case "modules":
			var err error
			for i := 0; err == nil; i++ {
				var m []byte
				if m, err = os.ReadFile(fmt.Sprintf("/%d.ko", i)); err == nil {
					none := []byte{0}
					if _, _, e := syscall.Syscall(syscall.SYS_INIT_MODULE, uintptr(unsafe.Pointer(&m[0])), uintptr(len(m)), uintptr(unsafe.Pointer(&none[0]))); e != 0 {
						err = e
					}
				}
			}
			fmt.Fprintln(control, err)
		case "count":
			count++
			fmt.Fprintln(control, count)
		case "poweroff":
			syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
		case "reboot":
			syscall.Reboot(syscall.LINUX_REBOOT_CMD_RESTART)
		case "exit":
			os.Exit(3)
		default:
			fmt.Fprintln(control, "echo", word)
		}
	}
}
`

// guestInitrd builds the guest and its initramfs, with the given modules.
func guestInitrd(t *testing.T, modules ...string) string {
	t.Helper()
	dir := t.TempDir()
	src, bin := filepath.Join(dir, "main.go"), filepath.Join(dir, "init")
	if err := os.WriteFile(src, []byte(guest), 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", bin, src)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath", "GOARCH=amd64", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the guest: %v\n%s", err, out)
	}
	init, err := os.ReadFile(bin)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "initramfs")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := cpio.Newc.Writer(f)
	records := []cpio.Record{cpio.StaticFile("init", string(init), 0o755)}
	for i, module := range modules {
		ko, err := os.ReadFile(module)
		if err != nil {
			t.Skip(err)
		}
		records = append(records, cpio.StaticFile(strconv.Itoa(i)+".ko", string(ko), 0o644))
	}
	if err := cpio.WriteRecordsAndDirs(w, records); err != nil {
		t.Fatal(err)
	}
	if err := cpio.WriteTrailer(w); err != nil {
		t.Fatal(err)
	}
	return path
}

// session controls a booted guest.
type session struct {
	t  *testing.T
	vm *VM
}

func startGuest(t *testing.T, cfg Config) session {
	t.Helper()
	v := start(t, t.Context(), cfg)
	s := session{t, v}
	if got := s.hear(); got != "ready" {
		t.Fatalf("the guest said %q; console:\n%s", got, v.Console().Bytes())
	}
	return s
}

func (s session) say(word string) {
	s.t.Helper()
	if _, err := io.WriteString(s.vm.Control(), word+"\n"); err != nil {
		s.t.Fatal(err)
	}
}

// hear reads one line byte by byte, so that nothing of the next one is
// consumed.
func (s session) hear() string {
	s.t.Helper()
	if err := s.vm.Control().SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		s.t.Fatal(err)
	}
	var line []byte
	for b := make([]byte, 1); ; {
		if _, err := s.vm.Control().Read(b); err != nil {
			s.t.Fatalf("control: %v after %q; console:\n%s", err, line, s.vm.Console().Bytes())
		}
		if b[0] == '\n' {
			return strings.TrimSpace(string(line))
		}
		line = append(line, b[0])
	}
}

// Control and output transfer every byte, separate from each other and from the
// console, on the oldest kernel and on the newest.
func TestChannels(t *testing.T) {
	needVM(t)
	initrd := guestInitrd(t)
	for _, series := range []string{"5.10", newest} {
		t.Run("series "+series, func(t *testing.T) {
			s := startGuest(t, Config{Kernel: testKernel(t, series), Initrd: initrd})
			s.say("hello")
			if got := s.hear(); got != "echo hello" {
				t.Errorf("control answered %q", got)
			}

			s.say("bytes")
			want := make([]byte, 64<<10)
			for i := range want {
				want[i] = byte(i ^ i>>8)
			}
			got := make([]byte, len(want))
			if err := s.vm.Output().SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil {
				t.Fatal(err)
			}
			if n, err := io.ReadFull(s.vm.Output(), got); err != nil || !bytes.Equal(got, want) {
				t.Errorf("output: %d bytes, the wrong ones: %v", n, err)
			}

			if console := s.vm.Console().Bytes(); !bytes.Contains(console, []byte("Linux version")) || bytes.Contains(console, []byte("echo hello")) {
				t.Errorf("console:\n%s", console)
			}
			s.say("poweroff")
			if exit := await(t, s.vm); !exit.ByGuest() || exit.Reason != "guest-shutdown" {
				t.Errorf("exit %+v, want guest-shutdown", exit)
			}
		})
	}
}

func TestGuestEnds(t *testing.T) {
	needVM(t)
	initrd := guestInitrd(t)
	kernel := testKernel(t, "6.12", "6.1")
	for word, console := range map[string]string{
		"reboot": "reboot: Restarting system",
		"exit":   "Attempted to kill init! exitcode=0x00000300",
	} {
		t.Run(word, func(t *testing.T) {
			s := startGuest(t, Config{Kernel: kernel, Initrd: initrd})
			mark := s.vm.Console().Mark()
			s.say(word)
			if exit := await(t, s.vm); !exit.ByGuest() || exit.Reason != "guest-reset" {
				t.Errorf("exit %+v, want guest-reset", exit)
			}
			// The last output arrived before Done.
			if got := s.vm.Console().Since(mark); !bytes.Contains(got, []byte(console)) {
				t.Errorf("console ended %q, want %q in it", got, console)
			}
		})
	}
}

// A guest writes to its overlay, which is invisible outside and leaves nothing behind.
func TestDiskIsTemporary(t *testing.T) {
	needVM(t)
	image, sum := testImage(t)
	cfg := Config{
		Kernel: testKernel(t, "6.12", "6.1"), Initrd: guestInitrd(t), TempDir: t.TempDir(),
		Disks: []Disk{{Path: image, Driver: NVMe}},
	}
	s := startGuest(t, cfg)
	s.overwriteDisk("what was there..")
	if left, _ := os.ReadDir(cfg.TempDir); len(left) > 0 {
		t.Errorf("the overlay has a name: %v", left)
	}
	s.vm.Kill()
	if got := fileSum(t, image); got != sum {
		t.Error("the guest changed the image")
	}
}

// A host without space for the overlay is the host's fault, and reported as
// such.
func TestNoRoomForOverlay(t *testing.T) {
	needVM(t)
	small := t.TempDir()
	if err := unix.Mount("tmpfs", small, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("cannot mount a small tmpfs: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(small, unix.MNT_DETACH) })
	kernel := testKernel(t, "5.10", "6.1.")
	modules := virtioModules(t, kernel)
	image, _ := testImage(t)
	s := startGuest(t, Config{
		Kernel: kernel, Initrd: guestInitrd(t, modules...), TempDir: small,
		Disks: []Disk{{Path: image}},
	})
	s.load(modules)
	s.say("disk")
	select {
	case <-s.vm.Done():
	case <-time.After(time.Minute):
		t.Fatal("the VM hangs")
	}
	exit := s.vm.Exit()
	if exit.ByGuest() || exit.Signal != syscall.SIGKILL || !strings.Contains(exit.Reason, "io-error") || !strings.Contains(exit.Reason, "space") {
		t.Errorf("exit %+v, want an io-error for lack of space", exit)
	}
}

// virtioModules are the modules of virtio-blk, in load order, of a kernel with
// uncompressed modules.
func virtioModules(t *testing.T, kernel string) []string {
	t.Helper()
	release := strings.TrimPrefix(filepath.Base(kernel), "vmlinuz-")
	var modules []string
	for _, m := range []string{"virtio/virtio_ring", "virtio/virtio", "virtio/virtio_pci_modern_dev", "virtio/virtio_pci_legacy_dev", "virtio/virtio_pci", "block/virtio_blk"} {
		path := filepath.Join(filepath.Dir(kernel), "../lib/modules", release, "kernel/drivers", m+".ko")
		if _, err := os.Stat(path); err == nil { // 5.10 has fewer of them
			modules = append(modules, path)
		}
	}
	if len(modules) == 0 {
		t.Skipf("no modules of %s next to its kernel", release)
	}
	return modules
}

// load makes the guest load the modules in its initramfs.
func (s session) load(modules []string) {
	s.t.Helper()
	s.say("modules")
	if got := s.hear(); !strings.Contains(got, fmt.Sprintf("%d.ko", len(modules))) {
		s.t.Fatalf("loading virtio: %s", got)
	}
}

func testImage(t *testing.T) (path string, sum [32]byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, []byte("what was there.."), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 32<<20); err != nil {
		t.Fatal(err)
	}
	return path, fileSum(t, path)
}

func fileSum(t *testing.T, path string) [32]byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(raw)
}
