package fsctl

import (
	"testing"
	"unsafe"

	"github.com/splicelab/splicelab/tests/kit/ioctl"
)

// TestNumbers checks that the structures have the sizes encoded in the kernel's
// ioctl numbers.
func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want uintptr
	}{
		{"FS_IOC_FIEMAP", ioctl.Number[fiemap](ioctl.ReadWrite, 'f', 11), 0xc020660b},
		{"FIFREEZE", ioctl.Number[int32](ioctl.ReadWrite, 'X', 119), 0xc0045877},
		{"FITHAW", ioctl.Number[int32](ioctl.ReadWrite, 'X', 120), 0xc0045878},
		{"EXT4_IOC_RESIZE_FS", ioctl.Number[uint64](ioctl.Write, 'f', 16), 0x40086610},
		{"BTRFS_IOC_SNAP_CREATE_V2", ioctl.Number[btrfsVolumeV2](ioctl.Write, btrfs, 23), 0x50009417},
		{"BTRFS_IOC_SNAP_DESTROY", ioctl.Number[btrfsVolume](ioctl.Write, btrfs, 15), 0x5000940f},
		{"BTRFS_IOC_RESIZE", ioctl.Number[btrfsVolume](ioctl.Write, btrfs, 3), 0x50009403},
	} {
		if c.got != c.want {
			t.Errorf("%s is %#x, want %#x", c.name, c.got, c.want)
		}
	}
	if n := unsafe.Sizeof(fiemapExtent{}); n != 56 {
		t.Errorf("struct fiemap_extent has %d bytes, want 56", n)
	}
}
