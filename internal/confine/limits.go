package confine

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// Limits are resource limits of the program and, each on its own, of those that
// it starts. Zero is no limit.
type Limits struct {
	AddressSpace uint64        // bytes
	FileSize     uint64        // bytes of the largest file that it may write
	CPU          time.Duration // of processor time; whole seconds
}

// apply sets the limits of a process that was just started: right after exec,
// it has not parsed its command line. A process that has ended is no error.
func (l Limits) apply(pid int) error {
	set := func(resource int, limit uint64) error {
		return unix.Prlimit(pid, resource, &unix.Rlimit{Cur: limit, Max: limit}, nil)
	}
	// A core dump would have what the program was not to write anywhere.
	err := set(unix.RLIMIT_CORE, 0)
	if l.AddressSpace > 0 {
		err = errors.Join(err, set(unix.RLIMIT_AS, l.AddressSpace))
	}
	if l.FileSize > 0 {
		err = errors.Join(err, set(unix.RLIMIT_FSIZE, l.FileSize))
	}
	if l.CPU > 0 {
		err = errors.Join(err, set(unix.RLIMIT_CPU, uint64(max(l.CPU, time.Second)/time.Second)))
	}
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}
