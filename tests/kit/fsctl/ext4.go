package fsctl

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit/ioctl"
)

// Ext4MoveExtent exchanges the first blocks of a file with those of a donor and
// copies the data: the ioctl behind e4defrag. It returns how many blocks were
// moved.
func Ext4MoveExtent(fd, donor int, blocks uint64) (moved uint64, err error) {
	type moveExtent struct {
		_, donor                         uint32
		start, donorStart, length, moved uint64
	}
	arg := &moveExtent{donor: uint32(donor), length: blocks}
	err = ioctl.Call(fd, ioctl.Number[moveExtent](ioctl.ReadWrite, 'f', 15), arg)
	return arg.moved, err
}

// Ext4Resize grows the filesystem of fd to the given number of blocks.
func Ext4Resize(fd int, blocks uint64) error {
	return ioctl.Call(fd, ioctl.Number[uint64](ioctl.Write, 'f', 16), &blocks)
}

// Ext4Blocks reads from the device the number of blocks of an ext4 filesystem, and
// the number that fit on the device.
func Ext4Blocks(device string) (has, capacity uint64, err error) {
	fd, err := unix.Open(device, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = unix.Close(fd) }()
	var size uint64
	if err := ioctl.Call(fd, unix.BLKGETSIZE64, &size); err != nil {
		return 0, 0, err
	}
	// The superblock: s_blocks_count_lo at 4, s_log_block_size at 24.
	var super [32]byte
	if _, err := unix.Pread(fd, super[:], 1024); err != nil {
		return 0, 0, err
	}
	has = uint64(binary.LittleEndian.Uint32(super[4:]))
	return has, size >> (10 + binary.LittleEndian.Uint32(super[24:])), nil
}
