package vm

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Identity is the hex SHA-256 of a QEMU binary; an empty qemu is found on
// PATH. State saved by one binary is restored by that binary only, wherever
// it is installed. The 18 MB of QEMU 7.2 take 0.05 s to hash, once per
// process: see digests.
func Identity(ctx context.Context, qemu string) (string, error) {
	path, err := lookQEMU(qemu)
	if err != nil {
		return "", err
	}
	digest, err := binaries.of(ctx, path)
	if err != nil {
		return "", fmt.Errorf("identifying QEMU: %w", err)
	}
	return digest, nil
}

// Identity lists what a guest can observe of the virtual hardware, and its
// command line. It contains no path: the kernel, the initramfs, and the content
// of the disks are identified by their own digests. Under KVM the guest sees
// the host's CPU ("-cpu host"), and the host's kernel decides which of its state
// can be saved: both are then included. It fails on an invalid Config.
func (c Config) Identity() ([]string, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := machine{of: c.Arch.QEMU, accel: c.Accel, memoryMiB: c.MemoryMiB, cpus: c.CPUs}
	id := append(m.args(), c.Arch.Name, strings.Join(c.kernelArgs(), " "))
	for i, d := range c.Disks {
		id = append(id, fmt.Sprint(i, d.Driver))
	}
	if c.Accel == KVM {
		cpu, err := hostCPU()
		if err != nil {
			return nil, err
		}
		kernel, err := hostKernel()
		if err != nil {
			return nil, err
		}
		id = append(id, cpu, kernel)
	}
	return id, nil
}

// binaries are the digests of the QEMU binaries in use.
var binaries digests

// digests caches the digests of files in memory, by path and by the metadata
// that changes with the content. ctime is included because, unlike mtime, a
// program cannot set it back.
type digests struct {
	mu sync.Mutex
	m  map[string]fileDigest
}

type fileDigest struct {
	stat   fileStat
	digest string
}

type fileStat struct {
	dev, ino     uint64
	size         int64
	mtime, ctime unix.Timespec
}

// of returns the hex SHA-256 of a file's content.
func (d *digests) of(ctx context.Context, path string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	stat := fileStat{st.Dev, st.Ino, st.Size, st.Mtim, st.Ctim}
	if known, ok := d.m[path]; ok && known.stat == stat {
		return known.digest, nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, contextReader{ctx, f}); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	digest := hex.EncodeToString(h.Sum(nil))
	if d.m == nil {
		d.m = map[string]fileDigest{}
	}
	d.m[path] = fileDigest{stat, digest}
	return digest, nil
}

// contextReader stops reading when ctx ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// hostCPU is the model, the microcode and the feature flags of the host's
// first CPU, as /proc/cpuinfo shows them: what decides whether KVM works and
// what a guest with "-cpu host" sees.
func hostCPU() (string, error) {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "", fmt.Errorf("identifying the host's CPU: %w", err)
	}
	defer f.Close()
	cpu, err := parseCPU(f)
	if err != nil {
		return "", fmt.Errorf("identifying the host's CPU: /proc/cpuinfo: %w", err)
	}
	return cpu, nil
}

// hostKernel is the release and the build of the host's kernel.
func hostKernel() (string, error) {
	var host unix.Utsname
	if err := unix.Uname(&host); err != nil {
		return "", fmt.Errorf("identifying the host's kernel: %w", err)
	}
	return unix.ByteSliceToString(host.Release[:]) + " " + unix.ByteSliceToString(host.Version[:]), nil
}

// parseCPU reads the first entry of /proc/cpuinfo.
func parseCPU(r io.Reader) (string, error) {
	var cpu strings.Builder
	lines := bufio.NewScanner(r)
	for lines.Scan() && lines.Text() != "" {
		key, value, _ := strings.Cut(lines.Text(), ":")
		switch key = strings.TrimSpace(key); key {
		case "vendor_id", "cpu family", "model", "model name", "stepping", "microcode", "flags", // x86
			"CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision", "Features", // arm64
			"isa", "mmu", "uarch", "mvendorid", "marchid", "mimpid": // riscv64
			fmt.Fprintf(&cpu, "%s:%s\n", key, value)
		}
	}
	if err := lines.Err(); err != nil {
		return "", err
	}
	if cpu.Len() == 0 {
		return "", fmt.Errorf("no model, microcode or flags of a CPU")
	}
	return cpu.String(), nil
}
