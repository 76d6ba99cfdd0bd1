package kit

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/internal/protocol/reseed"
)

// park blocks until the lab resumes the process, if the lab requested that: it
// creates a template of the VM with the parked process, and sends it the tests to
// run in each VM restored from the template.
func park() (token string, err error) {
	if os.Getenv(protocol.EnvPark) != "1" {
		return "", nil
	}
	if !flag.Parsed() {
		flag.Parse()
	}
	if err := prepare(); err != nil {
		return "", err
	}
	// Raw system calls: package os would register the terminal with epoll. That
	// code would run for the first time in a restored VM, where each of its pages
	// faults.
	if _, err := unix.Write(1, []byte(protocol.Parked+"\n")); err != nil {
		return "", fmt.Errorf("write %s: %w", protocol.Parked, err)
	}
	line, err := readResume()
	if err != nil {
		return "", fmt.Errorf("wait for the lab's resume line: %w", err)
	}
	r, err := protocol.ParseResume(line)
	if err != nil {
		return "", err
	}
	if err := reseed.Guest(r.UnixNano, r.Entropy); err != nil {
		return "", err
	}
	for _, kv := range r.Env {
		name, value, _ := strings.Cut(kv, "=")
		if err := os.Setenv(name, value); err != nil {
			return "", err
		}
	}
	return r.Token, flag.Set("test.run", r.Run)
}

// finish reports that the tests have finished, and does not return: the VM is
// about to be discarded.
func finish(token string, status int) {
	if fd, err := unix.Open("/dev/kmsg", unix.O_WRONLY|unix.O_CLOEXEC, 0); err == nil {
		_, _ = unix.Write(fd, []byte(protocol.EndOfLog(token)+"\n"))
	}
	_, _ = unix.Write(1, []byte("\n"+protocol.Done(token, status)+"\n"))
	for {
		_ = unix.Pause()
	}
}

func readResume() (string, error) {
	var line []byte
	buf := make([]byte, 4096)
	for {
		n, err := unix.Read(0, buf)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return "", err
		case n == 0:
			return "", errors.New("EOF")
		}
		line = append(line, buf[:n]...)
		if line[len(line)-1] == '\n' {
			return string(line), nil
		}
	}
}

// known caches what prepare has read, for later cells.
var known struct {
	dir   string
	mount Mount
}

// mountOfCell is MountOf with the result that prepare cached, if any.
func mountOfCell(dir string) (Mount, error) {
	if dir != "" && dir == known.dir {
		return known.mount, nil
	}
	return MountOf(dir)
}

// prepare does the work that would otherwise be repeated in each restored VM.
func prepare() error {
	prefault()
	dir := os.Getenv(protocol.EnvDir)
	m, err := MountOf(dir)
	if err != nil {
		return fmt.Errorf("find the filesystem under test: %w", err)
	}
	known.dir, known.mount = dir, m
	spareThreads(4)
	// The first pollable file makes the runtime initialise epoll.
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	return errors.Join(r.Close(), w.Close())
}

// spareThreads makes the runtime create threads, which it keeps for reuse.
func spareThreads(n int) {
	var all sync.WaitGroup
	all.Add(n)
	for range n {
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			all.Done()
			all.Wait() // none exits before all exist
		}()
	}
	all.Wait()
}

// MADV_POPULATE_READ of include/uapi/asm-generic/mman-common.h, since Linux 5.14.
const madvPopulateRead = 22

// prefault maps every page of the program's text, so that none faults in
// restored VMs. It is best effort: older kernels refuse.
func prefault() {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(maps)) {
		var from, to uintptr
		if n, _ := fmt.Sscanf(line, "%x-%x ", &from, &to); n == 2 && strings.HasSuffix(line, " "+exe+"\n") {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, madvPopulateRead)
		}
	}
}
