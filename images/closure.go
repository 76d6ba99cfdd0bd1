package images

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/kernels"
)

// MissingModuleError says that a kernel neither has a module built in nor
// brings it: what needs it cannot be done on this kernel.
type MissingModuleError struct {
	Module string // as it was asked for
	Kernel string // release
}

func (e *MissingModuleError) Error() string {
	return fmt.Sprintf("kernel %s has no module %s: neither built in nor in its module tree", e.Kernel, e.Module)
}

// module is one that goes into the image.
type module struct {
	name    string
	image   []byte   // decompressed: the agent loads ELF only
	needs   []string // what must be loaded before it, as far as it is in the image
	aliases []string // other names that the kernel may ask for it by
}

func (m module) guestPath() string { return path.Join(moduleDir, m.name+".ko") }

// unstated are the modules that one needs at run time without saying so in
// its .modinfo. A name that a kernel does not have is passed over.
var unstated = map[string][]string{
	// The disk's driver needs a transport, which it does not depend on.
	"virtio_blk":     {"virtio_pci"},
	"virtio_console": {"virtio_pci"},
	"virtio_rng":     {"virtio_pci"},
	// fat asks for its code page and character set by name when it mounts:
	// FAT_DEFAULT_CODEPAGE and FAT_DEFAULT_IOCHARSET, ascii or iso8859-1 by
	// distribution, and utf8.
	"vfat":  {"nls_cp437", "nls_ascii", "nls_iso8859_1", "nls_utf8"},
	"exfat": {"nls_utf8"},
	// Filesystems allocate crc32c by name when they mount; where it is a
	// module, the kernel would call modprobe, which a guest does not have.
	"ext4":  {"crc32c"},
	"xfs":   {"crc32c"},
	"btrfs": {"crc32c"},
	"f2fs":  {"crc32", "crc32c"},
}

// aliasDirs are searched for a module with a given alias. Only algorithms of
// the crypto API are named by alias in a softdep.
// Those below kernel/arch are left out: they refuse to load on a processor
// without their instructions, and each has a portable twin.
var aliasDirs = []string{"kernel/crypto/", "kernel/lib/"}

// closure returns the wanted modules and all that they need, each after its
// dependencies. What is built in is left out; so is everything when the
// kernel has neither module tree nor configuration, on the assumption that
// it has built in what it has.
func closure(ctx context.Context, k kernels.Kernel, wanted []string) ([]module, error) {
	t, err := OpenModuleTree(k)
	if err != nil {
		return nil, err
	}
	r := newResolver(ctx, t)
	for _, name := range wanted {
		if err := r.add(name); err != nil {
			return nil, err
		}
	}
	return r.order, nil
}

func newResolver(ctx context.Context, t *ModuleTree) *resolver {
	return &resolver{ctx: ctx, tree: t, seen: make(map[string]bool)}
}

// resolver walks dependencies depth first.
type resolver struct {
	ctx   context.Context
	tree  *ModuleTree
	seen  map[string]bool
	order []module
	alias map[string]string // alias → module name; nil until one is looked for
}

// add appends a module after what it needs.
func (r *resolver) add(name string) error {
	switch r.tree.Availability(name) {
	case BuiltIn, Unknown:
		// What is needed at run time may still be a module of its own: ext4
		// is built in where crc32c is not.
		return r.addSoft(unstated[moduleName(name)])
	case Missing:
		return &MissingModuleError{Module: name, Kernel: r.tree.kernel.Release}
	}
	name = moduleName(name)
	if r.seen[name] { // also ends a cycle
		return nil
	}
	r.seen[name] = true
	before := len(r.order)
	if err := r.ctx.Err(); err != nil {
		return err
	}
	image, info, err := r.tree.load(name)
	if err != nil {
		return err
	}
	depends := info.depends
	if stated, ok := r.tree.depends[name]; ok {
		depends = stated
	}
	for _, dep := range depends {
		if err := r.add(dep); err != nil {
			return err
		}
	}
	if err := r.addSoft(slices.Concat(info.softPre, unstated[name])); err != nil {
		return err
	}
	m := module{name: name, image: image, aliases: info.aliases}
	for _, d := range depends {
		m.needs = append(m.needs, moduleName(d))
	}
	for _, d := range r.order[before:] { // among them what only add knows of
		m.needs = append(m.needs, d.name)
	}
	r.order = append(r.order, m)
	return nil
}

// addSoft adds modules, by name or by alias, as far as the kernel has them.
func (r *resolver) addSoft(names []string) error {
	for _, name := range names {
		switch r.tree.Availability(name) {
		case Loadable:
		case BuiltIn:
			continue
		default:
			if r.tree.aliases[name] {
				continue
			}
			provider, err := r.provider(name)
			if err != nil {
				return err
			}
			if provider == "" {
				continue
			}
			name = provider
		}
		if err := r.add(name); err != nil {
			return err
		}
	}
	return nil
}

// provider returns a module with the given alias, or "".
func (r *resolver) provider(alias string) (string, error) {
	if r.alias == nil {
		r.alias = make(map[string]string)
		var names []string
		for name, rel := range r.tree.files {
			if slices.ContainsFunc(aliasDirs, func(dir string) bool { return strings.HasPrefix(rel, dir) }) {
				names = append(names, name)
			}
		}
		slices.SortFunc(names, genericFirst)
		for _, name := range names {
			if err := r.ctx.Err(); err != nil {
				return "", err
			}
			_, info, err := r.tree.load(name)
			if err != nil {
				return "", err
			}
			for _, a := range info.aliases {
				if _, taken := r.alias[a]; !taken {
					r.alias[a] = name
				}
			}
		}
	}
	return r.alias[alias], nil
}

// genericFirst prefers the portable implementation of an algorithm.
func genericFirst(a, b string) int {
	portable := func(name string) int {
		if strings.HasSuffix(name, "_generic") || strings.HasSuffix(name, "_cryptoapi") {
			return 0
		}
		return 1
	}
	if d := portable(a) - portable(b); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

// load reads a module of the tree.
func (t *ModuleTree) load(name string) ([]byte, modinfo, error) {
	rel := t.files[name]
	content, err := kernels.ReadFile(t.kernel, rel)
	if err != nil {
		return nil, modinfo{}, fmt.Errorf("modules of %s: %w", t.kernel.Release, err)
	}
	image, err := decompress(rel, content)
	if err != nil {
		return nil, modinfo{}, err
	}
	info, err := readModinfo(rel, image)
	return image, info, err
}
