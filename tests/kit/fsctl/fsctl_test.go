package fsctl

import (
	"testing"
	"unsafe"
)

// TestNumbers checks that the structures have the sizes encoded in the kernel's
// ioctl numbers.
func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want uintptr
	}{
		{"FS_IOC_FIEMAP", number[fiemap](readWrite, 'f', 11), 0xc020660b},
		{"FIFREEZE", number[int32](readWrite, 'X', 119), 0xc0045877},
		{"FITHAW", number[int32](readWrite, 'X', 120), 0xc0045878},
		{"EXT4_IOC_RESIZE_FS", number[uint64](write, 'f', 16), 0x40086610},
		{"BTRFS_IOC_SNAP_CREATE_V2", number[btrfsVolumeV2](write, btrfs, 23), 0x50009417},
		{"BTRFS_IOC_SNAP_DESTROY", number[btrfsVolume](write, btrfs, 15), 0x5000940f},
		{"BTRFS_IOC_RESIZE", number[btrfsVolume](write, btrfs, 3), 0x50009403},
	} {
		if c.got != c.want {
			t.Errorf("%s is %#x, want %#x", c.name, c.got, c.want)
		}
	}
	if n := unsafe.Sizeof(fiemapExtent{}); n != 56 {
		t.Errorf("struct fiemap_extent has %d bytes, want 56", n)
	}
}
