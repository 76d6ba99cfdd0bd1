package lab

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/lab/vm"
)

// toolchain is the provenance of a run's results beyond its options.
type toolchain struct {
	Version  string            `json:"splicelab"`
	QEMU     string            `json:"qemu"`
	Foreign  map[string]string `json:"qemu_foreign,omitempty"` // QEMU of other architectures than the host's
	Accel    vm.Accel          `json:"accel"`
	Programs map[string]string `json:"programs"` // digests of the guest programs, by name
}

// toolchain is the provenance that a run of the plan would have now.
func (l *Lab) toolchain(ctx context.Context, p plan.Plan) (toolchain, error) {
	t := toolchain{Version: l.cfg.Version, Accel: l.cfg.Accel, Programs: map[string]string{}}
	for _, name := range p.Suites() {
		digest, err := l.suites.Digest(name)
		if err != nil {
			return t, err
		}
		t.Programs["suite "+name] = digest
	}
	for _, a := range architectures(p) {
		if err := l.toolchainFor(ctx, a, p, &t); err != nil {
			return t, err
		}
	}
	return t, nil
}

// toolchainFor adds what runs guests of an architecture.
func (l *Lab) toolchainFor(ctx context.Context, a arch.Arch, p plan.Plan, t *toolchain) error {
	agent, err := l.host.Guest.Agent(ctx, a)
	if err != nil {
		return err
	}
	version, err := vm.Version(ctx, l.cfg.qemu(a))
	if err != nil {
		return err
	}
	suffix := ""
	if a.Name == arch.Default().Name {
		t.QEMU = version
	} else {
		suffix = " for " + a.Name
		if t.Foreign == nil {
			t.Foreign = map[string]string{}
		}
		t.Foreign[a.Name] = version
		for _, name := range p.Suites() {
			if _, user := l.suites.OfUser(name); user {
				continue // built from the same source
			}
			binary := filepath.Join(filepath.Dir(agent), filepath.Base(l.suites.Binary(name)))
			if t.Programs["suite "+name+suffix], err = suite.DigestFile(binary); err != nil {
				return err
			}
		}
	}
	t.Programs["the guest's agent"+suffix], err = suite.Digest(map[string]string{"agent": agent})
	return err
}

// canEmulate verifies that there are a QEMU and guest programs for kernels of
// other architectures than the host's, without which none of their cells could
// run. Those of the host's were found before.
func (l *Lab) canEmulate(ctx context.Context, p plan.Plan) error {
	for _, a := range architectures(p) {
		if a.Name == arch.Default().Name {
			continue
		}
		if _, err := vm.Version(ctx, l.cfg.qemu(a)); err != nil {
			return err
		}
		if _, err := l.host.Guest.Agent(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// architectures are those of the plan's kernels.
func architectures(p plan.Plan) []arch.Arch {
	var all []arch.Arch
	for _, a := range arch.All() {
		if slices.ContainsFunc(p.Kernels, func(k plan.Kernel) bool { return cmp.Or(k.Arch, kernels.AMD64) == a.Name }) {
			all = append(all, a)
		}
	}
	return all
}
