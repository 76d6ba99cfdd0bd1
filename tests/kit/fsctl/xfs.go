package fsctl

import (
	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit/ioctl"
)

type xfsTime struct {
	sec  int64
	nsec int32
	_    int32
}

// XFSSwapExtents exchanges all blocks of two files of the same size and
// content, the last step of xfs_fsr: the kernel checks by the timestamps that the
// file did not change since st was taken.
func XFSSwapExtents(fd, other int, st *unix.Stat_t) error {
	type swapExtents struct {
		_, target, other, offset, length int64
		_                                [16]byte
		stat                             struct { // struct xfs_bstat
			_                   [40]byte
			atime, mtime, ctime xfsTime
			_                   [48]byte
		}
	}
	arg := &swapExtents{target: int64(fd), other: int64(other), length: st.Size}
	arg.stat.mtime = xfsTime{sec: st.Mtim.Sec, nsec: int32(st.Mtim.Nsec)}
	arg.stat.ctime = xfsTime{sec: st.Ctim.Sec, nsec: int32(st.Ctim.Nsec)}
	return ioctl.Call(fd, ioctl.Number[swapExtents](ioctl.ReadWrite, 'X', 109), arg)
}

// XFSBlocks is the number of data blocks of an xfs filesystem, and the
// percentage of them that may become inodes.
func XFSBlocks(fd int) (blocks uint64, inodes uint32, err error) {
	type geometry struct { // struct xfs_fsop_geom_v1
		_      [7]uint32
		imax   uint32
		blocks uint64
		_      [3]uint64
		_      [48]byte
	}
	arg := &geometry{}
	err = ioctl.Call(fd, ioctl.Number[geometry](ioctl.Read, 'X', 100), arg)
	return arg.blocks, arg.imax, err
}

// XFSResize grows an xfs filesystem to the given number of blocks or, since Linux
// 5.12, shrinks it by a few at its end.
func XFSResize(fd int, blocks uint64, inodes uint32) error {
	type resize struct {
		blocks uint64
		imax   uint32
		_      uint32
	}
	return ioctl.Call(fd, ioctl.Number[resize](ioctl.Write, 'X', 110), &resize{blocks: blocks, imax: inodes})
}

// XFSExchangeRange atomically exchanges the same range of two files: Linux
// 6.10, on a filesystem made with the feature.
func XFSExchangeRange(fd, other int, off, n int64) error {
	type exchange struct { // struct xfs_exchange_range
		other                      int32
		_                          uint32
		otherOff, off, size, flags uint64
	}
	return ioctl.Call(fd, ioctl.Number[exchange](ioctl.Write, 'X', 129),
		&exchange{other: int32(other), otherOff: uint64(off), off: uint64(off), size: uint64(n)})
}

// XFSCanExchangeRange reports whether an xfs filesystem has the feature that
// XFSExchangeRange needs.
func XFSCanExchangeRange(fd int) (bool, error) {
	const exchangeRange = 1 << 24 // XFS_FSOP_GEOM_FLAGS_EXCHANGE_RANGE
	type geometry struct {        // struct xfs_fsop_geom
		_     [92]byte
		flags uint32
		_     [160]byte
	}
	arg := &geometry{}
	err := ioctl.Call(fd, ioctl.Number[geometry](ioctl.Read, 'X', 126), arg)
	return arg.flags&exchangeRange != 0, err
}
