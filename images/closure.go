package images

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/kernels"
)

// MissingModuleError reports that a module is neither built into a kernel nor in
// its module tree.
type MissingModuleError struct {
	Module string // as requested
	Kernel string // release
}

func (e *MissingModuleError) Error() string {
	return fmt.Sprintf("kernel %s has no module %s: neither built in nor in its module tree", e.Kernel, e.Module)
}

// module is a module that goes into the image.
type module struct {
	name    string
	image   []byte   // decompressed: the agent loads ELF only
	needs   []string // modules in the image that must be loaded before it
	aliases []string // other names by which the kernel may request it
}

func (m module) guestPath() string { return path.Join(moduleDir, m.name+".ko") }

// implicitDeps lists modules that another needs at run time without declaring it in
// .modinfo. Names that a kernel does not have are skipped.
var implicitDeps = map[string][]string{
	// The disk driver needs a transport but declares no dependency on it.
	"virtio_blk":     {"virtio_pci"},
	"virtio_console": {"virtio_pci"},
	"virtio_rng":     {"virtio_pci"},
	// fat loads its code page and character set by name at mount time:
	// FAT_DEFAULT_CODEPAGE and FAT_DEFAULT_IOCHARSET, ascii or iso8859-1 by
	// distribution, and utf8.
	"vfat":  {"nls_cp437", "nls_ascii", "nls_iso8859_1", "nls_utf8"},
	"exfat": {"nls_utf8"},
	// Filesystems allocate crc32c by name at mount time; where it is a
	// module, the kernel would call modprobe.
	"ext4":  {"crc32c"},
	"xfs":   {"crc32c"},
	"btrfs": {"crc32c"},
	"f2fs":  {"crc32", "crc32c"},
}

// aliasDirs are searched for a module with a given alias. Only algorithms of
// the crypto API are named by alias in a softdep.
// Those below kernel/arch are left out: they refuse to load on a CPU without
// the instructions, and each has a generic implementation.
var aliasDirs = []string{"kernel/crypto/", "kernel/lib/"}

// closure returns the wanted modules and all their dependencies, in load order.
// Built-in modules are left out. A kernel without module tree and configuration
// is assumed to have everything built in.
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

// add appends a module after its dependencies.
func (r *resolver) add(name string) error {
	switch r.tree.Availability(name) {
	case BuiltIn, Unknown:
		// A run-time dependency of a built-in one may still be a module, e.g.
		// crc32c with ext4 built in.
		return r.addSoft(implicitDeps[moduleName(name)])
	case Missing:
		return &MissingModuleError{Module: name, Kernel: r.tree.kernel.Release}
	}
	name = moduleName(name)
	if r.seen[name] { // also breaks a cycle
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
	if err := r.addSoft(slices.Concat(info.softPre, implicitDeps[name])); err != nil {
		return err
	}
	m := module{name: name, image: image, aliases: info.aliases}
	for _, d := range depends {
		m.needs = append(m.needs, moduleName(d))
	}
	for _, d := range r.order[before:] { // including soft and implicit dependencies
		m.needs = append(m.needs, d.name)
	}
	r.order = append(r.order, m)
	return nil
}

// addSoft adds those modules, by name or alias, that the kernel has.
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

// load reads a module from the tree.
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
