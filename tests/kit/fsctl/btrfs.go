package fsctl

import "github.com/splicelab/splicelab/tests/kit/ioctl"

// btrfs's ioctls are in group 0x94 (include/uapi/linux/btrfs.h).
const btrfs = 0x94

type btrfsVolume struct {
	fd   int64
	name [4088]byte
}

type btrfsVolumeV2 struct {
	fd, transaction, flags uint64
	_                      [4]uint64
	name                   [4040]byte
}

// BtrfsSnapshot creates a read-only snapshot of the subvolume whose root is open
// as subvolume, under a name in the directory open as dir.
func BtrfsSnapshot(dir, subvolume int, as string) error {
	const readOnly = 1 << 1 // BTRFS_SUBVOL_RDONLY
	arg := &btrfsVolumeV2{fd: uint64(subvolume), flags: readOnly}
	name(arg.name[:], as)
	return ioctl.Call(dir, ioctl.Number[btrfsVolumeV2](ioctl.Write, btrfs, 23), arg)
}

// BtrfsDelete deletes the snapshot of that name in the directory dir.
func BtrfsDelete(dir int, snapshot string) error {
	arg := &btrfsVolume{}
	name(arg.name[:], snapshot)
	return ioctl.Call(dir, ioctl.Number[btrfsVolume](ioctl.Write, btrfs, 15), arg)
}

// BtrfsSend writes the read-only subvolume open as subvolume to the file to, as
// a stream for btrfs receive.
func BtrfsSend(subvolume, to int) error {
	arg := &struct {
		to                             int64
		sources, source, parent, flags uint64
		_                              [4]uint64
	}{to: int64(to)}
	return ioctl.Call(subvolume, ioctl.Sized(ioctl.Write, btrfs, 38, 72), arg)
}

// BtrfsResize resizes the filesystem; the argument is that of "btrfs filesystem
// resize", e.g. "1:-16m" or "1:max".
func BtrfsResize(fd int, to string) error {
	arg := &btrfsVolume{}
	name(arg.name[:], to)
	return ioctl.Call(fd, ioctl.Number[btrfsVolume](ioctl.Write, btrfs, 3), arg)
}

// BtrfsDefragment rewrites the small extents of a file as larger ones, and
// waits until writeback of them has started.
func BtrfsDefragment(fd int) error {
	type defragment struct {
		start, length, flags uint64
		threshold, compress  uint32
		_                    [4]uint32
	}
	const startIO = 1 << 1 // BTRFS_DEFRAG_RANGE_START_IO
	return ioctl.Call(fd, ioctl.Number[defragment](ioctl.Write, btrfs, 16), &defragment{length: ^uint64(0), flags: startIO})
}

// BtrfsBalance moves all data of the filesystem to new chunks and returns how
// many it moved.
func BtrfsBalance(fd int) (chunks uint64, err error) {
	type balance struct {
		flags, state                    uint64
		filters                         [3][136]byte // of data, metadata, system: all
		expected, considered, completed uint64
		_                               [72]uint64
	}
	const data = 1 << 0 // BTRFS_BALANCE_DATA
	arg := &balance{flags: data}
	err = ioctl.Call(fd, ioctl.Number[balance](ioctl.ReadWrite, btrfs, 32), arg)
	return arg.completed, err
}
