package images

// Profile is a filesystem as a cell uses it: how its disk is created and how it
// is mounted. Built-in profiles are declared in profiles.yaml beside this
// file, the user's own under "filesystems:" in splicelab.yaml.
type Profile struct {
	// Name is the argument of -f, e.g. "xfs-1k".
	Name string `yaml:"name" mapstructure:"name"`
	// Type is the filesystem type for mount(2), e.g. "xfs".
	Type string `yaml:"type" mapstructure:"type"`
	// Doc is one sentence for listings.
	Doc string `yaml:"doc" mapstructure:"doc"`
	// Mkfs is the command that creates the filesystem; the image's path is
	// appended. Empty: no disk (tmpfs).
	Mkfs []string `yaml:"mkfs,omitempty" mapstructure:"mkfs"`
	// Options are mount options, comma-separated.
	Options string `yaml:"options,omitempty" mapstructure:"options"`
	// SizeMiB is the size of the sparse disk image. Default 512.
	SizeMiB int `yaml:"size-mib,omitempty" mapstructure:"size-mib"`
	// Modules are kernel modules that it needs unless built in. Default: Type.
	Modules []string `yaml:"modules,omitempty" mapstructure:"modules"`
	// Overlay mounts an overlayfs on top, with its lower, upper and work
	// directories on Type's filesystem; the test sees the overlay.
	Overlay bool `yaml:"overlay,omitempty" mapstructure:"overlay"`
	// Pmem makes the disk persistent memory, from which the filesystem can be
	// mounted with dax.
	Pmem bool `yaml:"pmem,omitempty" mapstructure:"pmem"`
	// Requires names kernel config options, e.g. "CONFIG_TRANSPARENT_HUGEPAGE".
	// The profile is skipped if one is known to be off.
	Requires []string `yaml:"requires,omitempty" mapstructure:"requires"`
	// PageSize is the page size that the kernel must have, in bytes, because the
	// filesystem's blocks have to be as large as a page. 0: any. The profile is
	// skipped on a kernel that is known to have another one.
	PageSize int `yaml:"page-size,omitempty" mapstructure:"page-size"`
	// Exclude lists kernels on which the profile is skipped.
	Exclude []Exclusion `yaml:"exclude,omitempty" mapstructure:"exclude"`
}

// Exclusion skips a profile on some kernels.
type Exclusion struct {
	// Kernels is a range of upstream versions, inclusive, as selectors write
	// it: "5.10", "6.1..6.6", "..6.0", "7.0..".
	Kernels string `yaml:"kernels" mapstructure:"kernels"`
	// Reason is shown as the cells' skip reason.
	Reason string `yaml:"reason" mapstructure:"reason"`
	// Until is the last day (YYYY-MM-DD) of the exclusion; optional.
	Until string `yaml:"until,omitempty" mapstructure:"until"`
}
