package images

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/splicelab/splicelab/kernels"
)

// Availability says how a kernel offers a module.
type Availability int

// The ways; only Missing rules the module out.
const (
	// Unknown: the kernel has no module tree or configuration that could
	// tell, as with a bare vmlinux; it may be built in.
	Unknown Availability = iota
	BuiltIn
	Loadable
	Missing
)

// String returns the way in words.
func (a Availability) String() string {
	switch a {
	case BuiltIn:
		return "built in"
	case Loadable:
		return "loadable"
	case Missing:
		return "missing"
	}
	return "unknown"
}

// HasModule reports how the kernel offers a module; - and _ in names are
// equal. A module tree that cannot be read is taken for none.
func HasModule(k kernels.Kernel, name string) Availability {
	t, err := openTree(k)
	if err != nil {
		return Unknown
	}
	return t.availability(name)
}

// ConfigOption returns the value of an option such as "CONFIG_XFS_FS" in the
// kernel's build configuration: "y", "m", a literal, or "" when it is off.
// Known is false when the kernel comes without a configuration.
func ConfigOption(k kernels.Kernel, option string) (value string, known bool, err error) {
	if k.Config == "" {
		return "", false, nil
	}
	b, err := os.ReadFile(k.Config)
	if err != nil {
		return "", false, fmt.Errorf("configuration of %s: %w", k.Release, err)
	}
	return kernels.ParseConfig(b)[option], true, nil
}

// moduleOptions names the configuration option of modules for which it is
// neither CONFIG_NAME nor CONFIG_NAME_FS.
var moduleOptions = map[string]string{
	"nvme":           "CONFIG_BLK_DEV_NVME",
	"nd_pmem":        "CONFIG_BLK_DEV_PMEM",
	"crc32c_generic": "CONFIG_CRYPTO_CRC32C",
	"nls_cp437":      "CONFIG_NLS_CODEPAGE_437",
	"nls_iso8859_1":  "CONFIG_NLS_ISO8859_1",
	"fuse":           "CONFIG_FUSE_FS",
	"dm_mod":         "CONFIG_BLK_DEV_DM",
	"loop":           "CONFIG_BLK_DEV_LOOP",
}

// tree is the module side of a kernel: what is built in, what can be loaded.
type tree struct {
	kernel  kernels.Kernel
	files   map[string]string   // module name → path relative to the tree
	builtin map[string]bool     // nil when the tree has no modules.builtin
	aliases map[string]bool     // other names of what is built in
	depends map[string][]string // from modules.dep; nil when there is none
	config  map[string]string   // nil when the kernel has no configuration
}

// openTree reads the lists of a kernel's modules, not the modules.
func openTree(k kernels.Kernel) (*tree, error) {
	t := &tree{kernel: k, files: make(map[string]string)}
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
	if err := t.list(); err != nil {
		return nil, fmt.Errorf("modules of %s: %w", k.Release, err)
	}
	b, err := t.optional("modules.builtin")
	if err != nil {
		return nil, fmt.Errorf("modules of %s: %w", k.Release, err)
	}
	if b != nil {
		t.builtin = make(map[string]bool)
		for line := range strings.FieldsSeq(string(b)) {
			t.builtin[moduleName(line)] = true
		}
	}
	// "module.key=value", each ended by a NUL.
	if b, err = t.optional("modules.builtin.modinfo"); err != nil {
		return nil, fmt.Errorf("modules of %s: %w", k.Release, err)
	}
	t.aliases = make(map[string]bool)
	for field := range strings.SplitSeq(string(b), "\x00") {
		if key, value, _ := strings.Cut(field, "="); strings.HasSuffix(key, ".alias") {
			t.aliases[value] = true
		}
	}
	if b, err = t.optional("modules.dep"); err != nil {
		return nil, fmt.Errorf("modules of %s: %w", k.Release, err)
	}
	if b != nil {
		t.depends = parseDepends(b)
	}
	return t, nil
}

// list finds the module files of the tree.
func (t *tree) list() error {
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

// optional reads a file of the tree; nil when it is not there.
func (t *tree) optional(rel string) ([]byte, error) {
	b, err := kernels.ReadFile(t.kernel, rel)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// parseDepends reads modules.dep: "path: path path", where the dependencies
// of a module are listed with the one to be loaded first at the end.
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

// availability tells how the kernel offers a module.
func (t *tree) availability(name string) Availability {
	name = moduleName(name)
	if t.builtin[name] {
		return BuiltIn
	}
	if _, ok := t.files[name]; ok {
		return Loadable
	}
	if t.config != nil {
		if t.option(name) == "y" {
			return BuiltIn
		}
		return Missing // off, or a module whose tree lacks it
	}
	if t.builtin != nil {
		return Missing
	}
	return Unknown
}

// option returns the value of the configuration option that builds a module.
func (t *tree) option(name string) string {
	if option, ok := moduleOptions[name]; ok {
		return t.config[option]
	}
	option := "CONFIG_" + strings.ToUpper(name)
	if value, ok := t.config[option]; ok {
		return value
	}
	return t.config[option+"_FS"]
}
