package program

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/machine"
)

// oneShot boots a VM with a private image in a directory that is removed with
// it, so that one-off programs do not fill the cache.
func oneShot(ctx context.Context, h *machine.Host, k *kernels.Kernel, p *images.Profile, extra images.Spec) (*machine.Machine, func(), error) {
	dir, remove, err := TempDir(h.TempDir)
	if err != nil {
		return nil, nil, err
	}
	spec, err := h.OneShot(ctx, images.Builder{Dir: dir}, k, p, extra)
	if err != nil {
		remove()
		return nil, nil, err
	}
	m, err := h.Boot(ctx, spec)
	if err != nil {
		remove()
		return nil, nil, err
	}
	return m, func() { m.VM.Kill(); remove() }, nil
}

const tempPrefix = "exec-"

// TempDir creates a directory in parent, which remove removes. Directories left
// by a killed lab are removed after a week: no program runs in a VM for days.
func TempDir(parent string) (dir string, remove func(), err error) {
	left, _ := filepath.Glob(filepath.Join(parent, tempPrefix+"*"))
	for _, old := range left {
		if st, err := os.Stat(old); err == nil && time.Since(st.ModTime()) > 7*24*time.Hour {
			_ = os.RemoveAll(old) // it is tried again next time
		}
	}
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", nil, fmt.Errorf("temporary directory in the cache: %w", err)
	}
	dir, err = os.MkdirTemp(parent, tempPrefix)
	if err != nil {
		return "", nil, fmt.Errorf("temporary directory in the cache: %w", err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}
