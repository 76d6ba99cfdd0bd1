package images

import (
	"github.com/splicelab/splicelab/kernels"
)

// pageOptions are the configuration options that set a page size other than
// 4 KiB: the first ones on every architecture since Linux 6.9.
var pageOptions = map[string]int{
	"CONFIG_PAGE_SIZE_8KB":   8 << 10,
	"CONFIG_PAGE_SIZE_16KB":  16 << 10,
	"CONFIG_PAGE_SIZE_32KB":  32 << 10,
	"CONFIG_PAGE_SIZE_64KB":  64 << 10,
	"CONFIG_PAGE_SIZE_256KB": 256 << 10,
	"CONFIG_ARM64_16K_PAGES": 16 << 10,
	"CONFIG_ARM64_64K_PAGES": 64 << 10,
	"CONFIG_PPC_64K_PAGES":   64 << 10,
}

// PageSize is a kernel's page size in bytes, from its build configuration. Known
// is false when it has none.
func PageSize(k kernels.Kernel) (size int, known bool, err error) {
	if k.Config == "" {
		return 0, false, nil
	}
	options, err := k.Options()
	if err != nil {
		return 0, false, err
	}
	for option, size := range pageOptions {
		if options[option] == "y" {
			return size, true, nil
		}
	}
	return 4 << 10, true, nil
}
