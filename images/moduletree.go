package images

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/splicelab/splicelab/kernels"
)

// ModuleTree lists a kernel's built-in and loadable modules. It is immutable.
type ModuleTree struct {
	kernel  kernels.Kernel
	files   map[string]string   // module name → path relative to the tree
	builtin map[string]bool     // nil when the tree has no modules.builtin
	aliases map[string]bool     // other names of built-in modules
	depends map[string][]string // from modules.dep; nil when there is none
	config  map[string]string   // nil when the kernel has no configuration
}

// treeKey is everything that a ModuleTree is read from. The digest is not
// enough: some test kernels have none, and a kernel's directory can move.
type treeKey struct {
	id              kernels.ID
	modules, config string
}

// trees caches the trees that this process has read. Distribution kernels have
// 200 to 4,000 modules, and the lab looks up each module of each cell.
var trees sync.Map // treeKey → *ModuleTree

// OpenModuleTree reads the module lists of a kernel, not the modules. It walks
// the directory once per kernel with a digest, which does not change. Errors are
// not cached.
func OpenModuleTree(k kernels.Kernel) (*ModuleTree, error) {
	if k.Digest == "" {
		return readModuleTree(k)
	}
	key := treeKey{k.ID(), k.Modules, k.Config}
	if t, ok := trees.Load(key); ok {
		return t.(*ModuleTree), nil
	}
	// If two goroutines read it concurrently, both get the same tree.
	t, err := readModuleTree(k)
	if err != nil {
		return nil, err
	}
	kept, _ := trees.LoadOrStore(key, t)
	return kept.(*ModuleTree), nil
}

func readModuleTree(k kernels.Kernel) (*ModuleTree, error) {
	t := &ModuleTree{kernel: k, files: make(map[string]string)}
	if k.Config != "" {
		b, err := os.ReadFile(k.Config)
		if err != nil {
			return nil, fmt.Errorf("configuration of %s: %w", k.Release, err)
		}
		t.config = kernels.ParseConfig(b)
	}
	if k.Modules == "" {
		return t, nil
	}
	if err := t.read(); err != nil {
		return nil, fmt.Errorf("modules of %s: %w", k.Release, err)
	}
	return t, nil
}

func (t *ModuleTree) read() error {
	if err := t.list(); err != nil {
		return err
	}
	b, err := t.optional("modules.builtin")
	if err != nil {
		return err
	}
	if b != nil {
		t.builtin = make(map[string]bool)
		for line := range strings.FieldsSeq(string(b)) {
			t.builtin[moduleName(line)] = true
		}
	}
	// "module.key=value", each terminated by a NUL.
	if b, err = t.optional("modules.builtin.modinfo"); err != nil {
		return err
	}
	t.aliases = make(map[string]bool)
	for field := range strings.SplitSeq(string(b), "\x00") {
		if key, value, _ := strings.Cut(field, "="); strings.HasSuffix(key, ".alias") {
			t.aliases[value] = true
		}
	}
	if b, err = t.optional("modules.dep"); err != nil {
		return err
	}
	if b != nil {
		t.depends = parseDepends(b)
	}
	return nil
}

// list finds the module files in the tree.
func (t *ModuleTree) list() error {
	return filepath.WalkDir(t.kernel.Modules, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Type().IsRegular() && isModule(d.Name()) {
			rel, err := filepath.Rel(t.kernel.Modules, p)
			if err != nil {
				return err
			}
			t.files[moduleName(rel)] = rel
		}
		return nil
	})
}

// optional reads a file of the tree; nil when it does not exist.
func (t *ModuleTree) optional(rel string) ([]byte, error) {
	b, err := kernels.ReadFile(t.kernel, rel)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// parseDepends reads modules.dep: "path: path path", where dependencies are in
// reverse load order.
func parseDepends(b []byte) map[string][]string {
	depends := make(map[string][]string)
	for line := range bytes.Lines(b) {
		file, rest, ok := strings.Cut(string(line), ":")
		if !ok {
			continue
		}
		var names []string
		for dep := range strings.FieldsSeq(rest) {
			names = append([]string{moduleName(dep)}, names...)
		}
		depends[moduleName(file)] = names
	}
	return depends
}
