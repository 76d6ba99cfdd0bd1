package machine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/vm"
)

// templateFormat is part of every key: bump it when existing templates of the
// same VM must no longer be used.
const templateFormat = 2

// templateKey is the digest of everything that goes into a template, each part
// by its content, never by its path.
func (h *Host) templateKey(ctx context.Context, spec *Spec, suite string) (string, error) {
	qemu, err := vm.Identity(ctx, h.QEMU(spec.arch))
	if err != nil {
		return "", err
	}
	hardware, err := h.VMConfig(spec).Identity()
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(struct {
		Format   int
		QEMU     string
		Machine  []string
		Kernel   string
		PageSize int
		Initrd   string
		Disks    []string
		Modules  []string
		Profile  any
		Protocol int
		Suite    string
		Env      []string
	}{
		Format: templateFormat, QEMU: qemu, Machine: hardware,
		Kernel: spec.kernel.Digest, PageSize: spec.kernel.PageSize, Initrd: spec.initrd.Digest, Disks: spec.content, Modules: spec.modules, Profile: spec.profile,
		Protocol: protocol.Version, Suite: suite, Env: spec.Env(),
	})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}
