package vm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// badNewsAge is how long a failed canary is believed. A success holds as long
// as what it depends on stays the same; a failure may have been a busy host.
const badNewsAge = 24 * time.Hour

// canaryResult is what a canary came to.
type canaryResult struct {
	Problem string    `json:"problem"` // empty: it booted
	When    time.Time `json:"when"`
}

// canaryMemory keeps results in files, each named by the digest of everything
// that a result depends on.
type canaryMemory struct {
	path string // empty: forget everything
}

// newCanaryMemory finds the file for this QEMU on this host.
func newCanaryMemory(ctx context.Context, cfg ChooseConfig) (canaryMemory, error) {
	if cfg.CacheDir == "" {
		return canaryMemory{}, nil
	}
	h := sha256.New()
	path, err := lookQEMU(cfg.QEMU)
	if err != nil {
		return canaryMemory{}, err
	}
	version, err := Version(ctx, path)
	if err != nil {
		return canaryMemory{}, err
	}
	digest, err := Identity(ctx, path)
	if err != nil {
		return canaryMemory{}, err
	}
	fmt.Fprintf(h, "qemu %s %s %s\n", path, version, digest)
	var host unix.Utsname
	if err := unix.Uname(&host); err != nil {
		return canaryMemory{}, fmt.Errorf("asking for the host's kernel: %w", err)
	}
	fmt.Fprintf(h, "host %s %s\n", unix.ByteSliceToString(host.Release[:]), unix.ByteSliceToString(host.Version[:]))
	cpu, err := hostCPU()
	if err != nil {
		return canaryMemory{}, err
	}
	fmt.Fprintf(h, "cpu %s\n", cpu)
	var dev unix.Stat_t
	if err := unix.Stat(kvmDevice, &dev); err == nil {
		fmt.Fprintf(h, "kvm %d %d\n", dev.Rdev, dev.Mode)
	}
	name := hex.EncodeToString(h.Sum(nil)) + ".json"
	return canaryMemory{path: filepath.Join(cfg.CacheDir, "accel", name)}, nil
}

// recall returns the result that still holds at now. A damaged file is none.
func (m canaryMemory) recall(now time.Time) (canaryResult, bool) {
	if m.path == "" {
		return canaryResult{}, false
	}
	raw, err := os.ReadFile(m.path)
	if err != nil {
		return canaryResult{}, false
	}
	var r canaryResult
	if json.Unmarshal(raw, &r) != nil || r.When.IsZero() {
		return canaryResult{}, false
	}
	if age := now.Sub(r.When); r.Problem != "" && (age < 0 || age > badNewsAge) {
		return canaryResult{}, false
	}
	return r, true
}

// keep remembers r. A cache that cannot be written costs the next run a
// canary and nothing else, so failing to is no error.
func (m canaryMemory) keep(r canaryResult) {
	if m.path == "" {
		return
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return
	}
	dir := filepath.Dir(m.path)
	if os.MkdirAll(dir, 0o755) != nil {
		return
	}
	tmp, err := os.CreateTemp(dir, "canary-*")
	if err != nil {
		return
	}
	_, err = tmp.Write(raw)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), m.path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
}
