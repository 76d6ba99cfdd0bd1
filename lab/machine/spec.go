package machine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/verdict"
	"github.com/splicelab/splicelab/lab/vm"
)

// Spec is everything that a VM consists of. Creating one is too expensive to do
// per cell, so callers keep one for each kernel and profile.
type Spec struct {
	kernel  *kernels.Kernel
	arch    arch.Arch       // the kernel's
	profile *images.Profile // nil: no filesystem under test
	initrd  images.Initramfs
	disks   []vm.Disk
	content []string // digests of the disks' contents, in order
	modules []string // loaded by name before the filesystem is mounted

	// base is the kernel alone, shared by all its profiles; nil if this spec
	// cannot start from it.
	base      *Spec
	templates templates
}

// ArchOf returns the architecture of a kernel.
func ArchOf(k *kernels.Kernel) (arch.Arch, error) {
	a, err := arch.Parse(cmp.Or(k.Arch, kernels.AMD64))
	if err != nil {
		return a, fmt.Errorf("kernel %s: %w", k.Release, err)
	}
	return a, nil
}

func newSpec(k *kernels.Kernel, p *images.Profile) (*Spec, error) {
	a, err := ArchOf(k)
	if err != nil {
		return nil, err
	}
	return &Spec{kernel: k, arch: a, profile: p}, nil
}

// Arch is the architecture of the VM.
func (spec *Spec) Arch() arch.Arch { return spec.arch }

// Kernel is the kernel that the VM boots.
func (spec *Spec) Kernel() *kernels.Kernel { return spec.kernel }

// Release releases the templates in use. A nil spec has none.
func (spec *Spec) Release() {
	if spec != nil {
		spec.templates.release()
	}
}

// OneShot is the spec of a VM with its own image, built by b, which also
// contains extra. What the kernel or host does not support is a
// *verdict.Termination with a skip.
func (h *Host) OneShot(ctx context.Context, b images.Builder, k *kernels.Kernel, p *images.Profile, extra images.Spec) (*Spec, error) {
	spec, err := newSpec(k, p)
	if err != nil {
		return nil, err
	}
	modules, err := h.addDisk(ctx, spec)
	if err != nil {
		return nil, err
	}
	is := extra
	is.Kernel, is.Modules = *k, append(modules, extra.Modules...)
	if is.Agent, err = h.Guest.Agent(ctx, spec.arch); err != nil {
		return nil, err
	}
	if spec.initrd, err = b.Initramfs(ctx, is); err != nil {
		return nil, skipIfMissing(err)
	}
	return spec, nil
}

// Layered is the spec of a VM whose templates are built in layers. The image
// has the modules of every profile, so that all of them share the kernel's
// layer; base is that layer's spec, or nil. modules are the image's modules
// besides the spec's own.
func (h *Host) Layered(ctx context.Context, base *Spec, k *kernels.Kernel, p *images.Profile, files map[string]string, modules []string) (*Spec, error) {
	spec, err := newSpec(k, p)
	if err != nil {
		return nil, err
	}
	if spec.modules, err = h.addDisk(ctx, spec); err != nil {
		return nil, err
	}
	for _, m := range spec.modules {
		if images.HasModule(*k, m) == images.Missing {
			return nil, skipIfMissing(&images.MissingModuleError{Module: m, Kernel: k.Release})
		}
	}
	if base != nil {
		// A guest reads a disk when its driver is loaded, so the kernel's layer has
		// an empty disk and no driver.
		if len(spec.disks) == 0 {
			spec.disks = base.disks
		}
		if slices.EqualFunc(spec.disks, base.disks, func(a, b vm.Disk) bool { return a.Driver == b.Driver }) {
			spec.base, spec.initrd = base, base.initrd
			return spec, nil
		}
	}
	return spec, h.buildLayered(ctx, spec, files, slices.Concat(modules, spec.modules))
}

// KernelLayer is the spec of a kernel alone. It is nil if the disk driver is
// built in, because then the disk must be present at boot.
func (h *Host) KernelLayer(ctx context.Context, k *kernels.Kernel, files map[string]string, modules []string) (*Spec, error) {
	if images.HasModule(*k, "virtio_blk") != images.Loadable {
		return nil, nil
	}
	spec, err := newSpec(k, nil)
	if err != nil {
		return nil, err
	}
	spec.disks, spec.content = []vm.Disk{{Driver: vm.VirtioBlk}}, []string{""}
	return spec, h.buildLayered(ctx, spec, files, modules)
}

// buildLayered builds the image that the layers of a spec share.
func (h *Host) buildLayered(ctx context.Context, spec *Spec, files map[string]string, modules []string) error {
	agent, err := h.Guest.Agent(ctx, spec.arch)
	if err != nil {
		return err
	}
	modules = slices.Sorted(slices.Values(modules))
	spec.initrd, err = h.Images.Initramfs(ctx, images.Spec{Kernel: *spec.kernel, Agent: agent, Files: files, OnDemand: slices.Compact(modules)})
	return skipIfMissing(err)
}

// LayerModules are the modules in the image of every layer, besides those that
// tests request: the disk drivers, and what the built-in profiles and ps need.
func LayerModules(ps []images.Profile) ([]string, error) {
	modules := []string{"virtio_blk", "virtio_pmem", "nd_pmem"}
	for _, a := range arch.All() {
		modules = append(modules, a.VirtioModule())
	}
	builtin, err := images.Builtin()
	if err != nil {
		return nil, err
	}
	for _, p := range append(builtin, ps...) {
		modules = append(modules, p.WantedModules()...)
	}
	return modules, nil
}

// addDisk adds the profile's disk to a spec and returns the modules that disk
// and filesystem need.
func (h *Host) addDisk(ctx context.Context, spec *Spec) ([]string, error) {
	k, p := spec.kernel, spec.profile
	if p == nil {
		return nil, nil
	}
	if reason, ok := p.ExcludedOn(k.Named(), time.Now()); ok {
		return nil, verdict.Unable(reason)
	}
	reason, unmet, err := p.UnmetOn(*k)
	if err != nil {
		return nil, err
	}
	if unmet {
		return nil, verdict.Unable(reason)
	}
	modules := p.WantedModules()
	if !p.HasDisk() {
		return modules, nil
	}
	if p.Pmem && !spec.arch.QEMU.Pmem {
		return nil, verdict.Unable(fmt.Sprintf("QEMU's machine for %s has no persistent memory", spec.arch.Name))
	}
	disk, err := h.Images.Disk(ctx, *p)
	if err != nil {
		return nil, skipIfMissing(err)
	}
	driver, needs := diskDriver(k, spec.arch)
	if p.Pmem {
		driver, needs = vm.Pmem, []string{spec.arch.VirtioModule(), "virtio_pmem", "nd_pmem"}
	}
	spec.disks = append(spec.disks, vm.Disk{Path: disk.Path, Driver: driver})
	spec.content = append(spec.content, disk.Digest)
	return append(needs, modules...), nil
}

// diskDriver picks virtio-blk if the kernel has it, because it can be migrated,
// else NVMe, which is built into every Debian cloud kernel and so works without
// modules.
func diskDriver(k *kernels.Kernel, a arch.Arch) (vm.DiskDriver, []string) {
	needs := []string{a.VirtioModule(), "virtio_blk"}
	for _, m := range needs {
		if a := images.HasModule(*k, m); a != images.BuiltIn && a != images.Loadable {
			return vm.NVMe, nil
		}
	}
	return vm.VirtioBlk, needs
}

// guestDisk is the first disk's device in the guest.
func guestDisk(d vm.DiskDriver) string {
	switch d {
	case vm.NVMe:
		return "/dev/nvme0n1"
	case vm.Pmem:
		return "/dev/pmem0"
	}
	return "/dev/vda"
}

// skipIfMissing turns a feature missing in this kernel or host into a skip.
func skipIfMissing(err error) error {
	var noModule *images.MissingModuleError
	var noTool *images.MissingToolError
	if errors.As(err, &noModule) || errors.As(err, &noTool) {
		return verdict.Unable(err.Error())
	}
	return err
}

// WithoutImage is a spec with its disk and its list of modules, whose image has
// yet to be built by BuildImage.
func (h *Host) WithoutImage(ctx context.Context, k *kernels.Kernel, p *images.Profile) (*Spec, error) {
	spec, err := newSpec(k, p)
	if err != nil {
		return nil, err
	}
	spec.modules, err = h.addDisk(ctx, spec)
	return spec, err
}

// BuildImage builds the spec's image with b, from extra and the spec's modules.
func (h *Host) BuildImage(ctx context.Context, spec *Spec, b images.Builder, extra images.Spec) error {
	extra.Kernel, extra.OnDemand = *spec.kernel, slices.Concat(extra.OnDemand, spec.modules)
	var err error
	if extra.Agent, err = h.Guest.Agent(ctx, spec.arch); err != nil {
		return err
	}
	spec.initrd, err = b.Initramfs(ctx, extra)
	return err
}
