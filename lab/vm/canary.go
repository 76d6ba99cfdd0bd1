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

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/osfile"
)

// failureAge is how long a failed canary counts. A success counts as long as
// everything it depends on stays the same; a failure may be due to a busy host.
const failureAge = 24 * time.Hour

// canaryResult is the result of a canary.
type canaryResult struct {
	Problem string    `json:"problem"` // empty: it booted
	When    time.Time `json:"when"`
}

// canaryMemory caches results in files, each named by the digest of everything
// that a result depends on.
type canaryMemory struct {
	path string // empty: cache nothing
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
	host, err := hostKernel()
	if err != nil {
		return canaryMemory{}, err
	}
	fmt.Fprintf(h, "host %s\nmodel %s\n", host, arch.Default().QEMU.KVM)
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

// recall returns the result that is valid at now. A corrupt file has none.
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
	if age := now.Sub(r.When); r.Problem != "" && (age < 0 || age > failureAge) {
		return canaryResult{}, false
	}
	return r, true
}

// keep caches r. A cache that cannot be written costs the next run a canary and
// nothing else, so that is not an error.
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
	_ = osfile.Write(m.path, raw, 0o600) // a result that is not cached is determined again
}
