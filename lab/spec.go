package lab

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/outcome"
)

// machineSpec is everything that a VM is made of. Making it costs time that
// must not be spent for each cell, so a run keeps one for each kernel and
// profile.
type machineSpec struct {
	kernel  *kernels.Kernel
	profile *images.Profile // nil: no filesystem under test
	initrd  images.Initramfs
	disks   []vm.Disk
	modules []string // loaded by name before the filesystem is mounted

	// base is the kernel alone, which all its profiles share; nil when this
	// spec's machine differs from it.
	base      *machineSpec
	templates templates
}

// memo remembers what was made, so that all who want it share the work and
// its failure.
type memo[T any] struct {
	mu sync.Mutex
	m  map[string]*memoEntry[T]
}

type memoEntry[T any] struct {
	once  sync.Once
	value T
	err   error
}

func (s *memo[T]) get(key string, make func() (T, error)) (T, error) {
	s.mu.Lock()
	if s.m == nil {
		s.m = map[string]*memoEntry[T]{}
	}
	e := s.m[key]
	if e == nil {
		e = &memoEntry[T]{}
		s.m[key] = e
	}
	s.mu.Unlock()
	e.once.Do(func() { e.value, e.err = make() })
	return e.value, e.err
}

// specs are what a run has prepared, by kernel and profile.
type specs struct{ memo[*machineSpec] }

// release gives back the templates that are in use.
func (s *specs) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.m {
		if e.value != nil {
			e.value.templates.release()
		}
	}
}

// prepare makes the image and the disk that a kernel with a profile boots
// with; the image is built by b, and holds what extra says as well. What the
// kernel or this host cannot do is an *ended with a skip.
func (l *Lab) prepare(ctx context.Context, b images.Builder, k *kernels.Kernel, p *images.Profile, files map[string]string, extra images.Spec) (*machineSpec, error) {
	spec := &machineSpec{kernel: k, profile: p}
	modules, err := l.equip(ctx, spec)
	if err != nil {
		return nil, err
	}
	is := extra
	is.Kernel, is.Agent, is.Files, is.Modules = *k, filepath.Join(l.cfg.GuestDir, agentFile), files, append(modules, extra.Modules...)
	if spec.initrd, err = b.Initramfs(ctx, is); err != nil {
		return nil, skipIfMissing(err)
	}
	return spec, nil
}

// equip gives a spec the disk of its profile, and returns the modules that
// disk and filesystem need.
func (l *Lab) equip(ctx context.Context, spec *machineSpec) ([]string, error) {
	k, p := spec.kernel, spec.profile
	var modules []string
	if p != nil {
		if reason, ok := p.ExcludedOn(k.Named(), time.Now()); ok {
			return nil, &ended{verdict: outcome.Skip, detail: reason}
		}
		reason, unmet, err := p.UnmetOn(*k)
		if err != nil {
			return nil, err
		}
		if unmet {
			return nil, &ended{verdict: outcome.Skip, detail: reason}
		}
		modules = p.WantedModules()
		if p.HasDisk() {
			disk, err := l.builder.Disk(ctx, *p)
			if err != nil {
				return nil, skipIfMissing(err)
			}
			driver, needs := diskDriver(k)
			if p.Pmem {
				driver, needs = vm.Pmem, []string{"virtio_pci", "virtio_pmem", "nd_pmem"}
			}
			spec.disks = append(spec.disks, vm.Disk{Path: disk.Path, Driver: driver})
			modules = append(needs, modules...)
		}
	}
	return modules, nil
}

// layered is prepare for a machine of which templates are made in layers. The
// image holds the modules of every profile and is the same for all of them,
// so that they share the kernel's layer; base is that layer's spec, or nil.
func (l *Lab) layered(ctx context.Context, base *machineSpec, k *kernels.Kernel, p *images.Profile, files map[string]string, modules []string) (*machineSpec, error) {
	spec := &machineSpec{kernel: k, profile: p}
	var err error
	if spec.modules, err = l.equip(ctx, spec); err != nil {
		return nil, err
	}
	for _, m := range spec.modules {
		if images.HasModule(*k, m) == images.Missing {
			return nil, skipIfMissing(&images.MissingModuleError{Module: m, Kernel: k.Release})
		}
	}
	if base != nil {
		// What the guest sees of a disk it sees when its driver is loaded, so
		// the kernel's layer has one without content, and no driver.
		if len(spec.disks) == 0 {
			spec.disks = base.disks
		}
		if slices.EqualFunc(spec.disks, base.disks, func(a, b vm.Disk) bool { return a.Driver == b.Driver }) {
			spec.base, spec.initrd = base, base.initrd
			return spec, nil
		}
	}
	spec.initrd, err = l.builder.Initramfs(ctx, l.layeredImage(k, files, append(modules, spec.modules...)))
	return spec, skipIfMissing(err)
}

// kernelLayer is the spec of a kernel alone. It is nil where a disk's driver
// is built in, for then the disk must be there when the kernel boots.
func (l *Lab) kernelLayer(ctx context.Context, k *kernels.Kernel, files map[string]string, modules []string) (*machineSpec, error) {
	if images.HasModule(*k, "virtio_blk") != images.Loadable {
		return nil, nil
	}
	spec := &machineSpec{kernel: k, disks: []vm.Disk{{Driver: vm.VirtioBlk}}}
	var err error
	spec.initrd, err = l.builder.Initramfs(ctx, l.layeredImage(k, files, modules))
	return spec, skipIfMissing(err)
}

func (l *Lab) layeredImage(k *kernels.Kernel, files map[string]string, modules []string) images.Spec {
	modules = slices.Sorted(slices.Values(modules))
	return images.Spec{
		Kernel: *k, Agent: filepath.Join(l.cfg.GuestDir, agentFile), Files: files, OnDemand: slices.Compact(modules),
	}
}

// layerModules are what the image of every layer holds, beside what the tests
// may ask for: the drivers of disks, and what the lab's own profiles and the
// plan's need.
func layerModules(ps []images.Profile) ([]string, error) {
	modules := []string{"virtio_pci", "virtio_blk", "virtio_pmem", "nd_pmem"}
	builtin, err := images.Builtin()
	if err != nil {
		return nil, err
	}
	for _, p := range append(builtin, ps...) {
		modules = append(modules, p.WantedModules()...)
	}
	return modules, nil
}

// skipIfMissing turns what this kernel or host lacks into a skip.
func skipIfMissing(err error) error {
	var noModule *images.MissingModuleError
	var noTool *images.MissingToolError
	if errors.As(err, &noModule) || errors.As(err, &noTool) {
		return &ended{verdict: outcome.Skip, detail: err.Error()}
	}
	return err
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

// diskDriver picks virtio-blk where the kernel has it, because it can be
// migrated, and NVMe where it has not: NVMe is built into every Debian cloud
// kernel, so it serves those whose modules are missing.
func diskDriver(k *kernels.Kernel) (vm.DiskDriver, []string) {
	needs := []string{"virtio_pci", "virtio_blk"}
	for _, m := range needs {
		if a := images.HasModule(*k, m); a != images.BuiltIn && a != images.Loadable {
			return vm.NVMe, nil
		}
	}
	return vm.VirtioBlk, needs
}
