package kernels

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// ParseConfig maps the options that are set in a kernel's build configuration,
// such as "CONFIG_XFS_FS", to their values: y, m, a number, or a string without
// quotes. Options that are off are absent.
func ParseConfig(b []byte) map[string]string {
	options := make(map[string]string)
	for line := range bytes.Lines(b) {
		option, value, ok := strings.Cut(strings.TrimSpace(string(line)), "=")
		if ok && strings.HasPrefix(option, "CONFIG_") {
			options[option] = strings.Trim(value, `"`)
		}
	}
	return options
}

// Options reads the kernel's build configuration. A kernel without one is an
// error.
func (k Kernel) Options() (map[string]string, error) {
	if k.Config == "" {
		return nil, fmt.Errorf("kernel %s has no configuration; specify one with file:PATH?config=FILE", k.Release)
	}
	b, err := os.ReadFile(k.Config)
	if err != nil {
		return nil, fmt.Errorf("configuration of %s: %w", k.Release, err)
	}
	return ParseConfig(b), nil
}

// PageSize is the size of a page in bytes that a configuration sets, or 4096,
// which other architectures have without an option.
func PageSize(options map[string]string) int {
	for size, name := range map[int]string{16 << 10: "16", 64 << 10: "64"} {
		// arm64 has the second from 6.9 on.
		if options["CONFIG_ARM64_"+name+"K_PAGES"] == "y" || options["CONFIG_PAGE_SIZE_"+name+"KB"] == "y" {
			return size
		}
	}
	return usualPage
}

// OptionChange is an option in which two configurations differ. An empty value
// means off.
type OptionChange struct {
	Option, Old, New string
}

// notOptions are symbols that describe the compiler, not the configuration.
var notOptions = []string{"CONFIG_CC_VERSION_TEXT", "CONFIG_GCC_VERSION", "CONFIG_AS_VERSION", "CONFIG_LD_VERSION", "CONFIG_PAHOLE_VERSION",
	"CONFIG_BUILD_SALT", "CONFIG_RUSTC_VERSION", "CONFIG_RUSTC_VERSION_TEXT"}

// DiffOptions lists the options in which two configurations differ, by name.
// Those that describe the compiler are skipped.
func DiffOptions(old, new map[string]string) []OptionChange {
	all := maps.Clone(old)
	maps.Copy(all, new)
	var changes []OptionChange
	for option := range all {
		if old[option] != new[option] && !slices.Contains(notOptions, option) {
			changes = append(changes, OptionChange{option, old[option], new[option]})
		}
	}
	slices.SortFunc(changes, func(a, b OptionChange) int { return cmp.Compare(a.Option, b.Option) })
	return changes
}
