package images

import (
	"fmt"
	"os"
	"strings"

	"github.com/splicelab/splicelab/kernels"
)

// Availability describes how a kernel provides a module.
type Availability int

// Only Missing means that the module cannot be used.
const (
	// Unknown: the kernel has neither a module tree nor a configuration, like
	// a bare vmlinux; the module may be built in.
	Unknown Availability = iota
	BuiltIn
	Loadable
	Missing
)

// HasModule reports how the kernel provides a module; - and _ in names are
// equivalent. An unreadable module tree makes it Unknown.
func HasModule(k kernels.Kernel, name string) Availability {
	t, err := OpenModuleTree(k)
	if err != nil {
		return Unknown
	}
	return t.Availability(name)
}

// ConfigOption returns the value of an option such as "CONFIG_XFS_FS" in the
// kernel's build configuration: "y", "m", a literal, or "" when it is off.
// Known is false when the kernel has no configuration.
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

// Availability reports how the kernel provides a module; - and _ in names are
// equivalent.
func (t *ModuleTree) Availability(name string) Availability {
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
		return Missing // disabled, or missing from the tree
	}
	if t.builtin != nil {
		return Missing
	}
	return Unknown
}

// option returns the value of the configuration option that builds a module.
func (t *ModuleTree) option(name string) string {
	if option, ok := moduleOptions[name]; ok {
		return t.config[option]
	}
	option := "CONFIG_" + strings.ToUpper(name)
	if value, ok := t.config[option]; ok {
		return value
	}
	return t.config[option+"_FS"]
}
