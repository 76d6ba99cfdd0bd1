// Package reseed makes a VM restored from a template unique: it sets what would
// otherwise be identical in all such VMs. Agent and test process share it; it
// runs in the guest.
package reseed

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// EntropyLen is the number of random bytes that a VM gets: the key size of the
// kernel's RNG.
const EntropyLen = 32

// Guest sets the clock, in nanoseconds since the Unix epoch, and reseeds the
// kernel's random number generator with entropy.
func Guest(unixNano int64, entropy []byte) error {
	tv := unix.NsecToTimeval(unixNano)
	if err := unix.Settimeofday(&tv); err != nil {
		return fmt.Errorf("settimeofday: %w", err)
	}
	if len(entropy) == 0 {
		return nil
	}
	pool := poolOf(entropy)
	fd, err := unix.Open("/dev/urandom", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open /dev/urandom: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	// Adding entropy alone has no effect until the RNG next reseeds from its
	// pool, up to five minutes later.
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.RNDADDENTROPY, uintptr(unsafe.Pointer(&pool))); e != 0 {
		return fmt.Errorf("RNDADDENTROPY: %w", e)
	}
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), rndReseedCRNG, 0); e != 0 {
		return fmt.Errorf("RNDRESEEDCRNG: %w", e)
	}
	return nil
}

// pool is struct rand_pool_info of include/uapi/linux/random.h.
type pool struct {
	bits, size int32
	data       [EntropyLen]byte
}

// poolOf credits all bits of entropy.
func poolOf(entropy []byte) pool {
	var p pool
	p.size = int32(copy(p.data[:], entropy))
	p.bits = p.size * 8
	return p
}

// RNDRESEEDCRNG of include/uapi/linux/random.h, _IO('R', 7), since Linux 4.14.
const rndReseedCRNG = 0x5207
