package confine

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Nobody is the user and the group of root's programs: by convention of all
// distributions one that owns no file.
const Nobody = 65534

// dropRoot makes the calling thread, and what it starts, run as Nobody. The
// files of a policy belong to root, so a program keeps the one capability that
// opens them all the same; Landlock decides which files that are. Nothing
// changes for other users, and where root may not change its user, as in some
// containers.
//
// It is the thread that changes, by system calls that Go's runtime does not see:
// a program that changes its user itself, as QEMU does with -runas, would no
// longer die with its parent, and only root with CAP_SYS_RESOURCE, which
// containers lack, could limit a program of another user.
func dropRoot() error {
	// The thread keeps its capabilities, which it needs below; programs that it
	// executes have those of Nobody.
	const noSetuidFixup = 1 << 2 // SECBIT_NO_SETUID_FIXUP of linux/securebits.h
	if os.Geteuid() != 0 || unix.Prctl(unix.PR_SET_SECUREBITS, noSetuidFixup, 0, 0, 0) != nil {
		return nil
	}
	for _, call := range []struct {
		name         string
		number, a, b uintptr
		c            uintptr
	}{
		{"setgroups", unix.SYS_SETGROUPS, 0, 0, 0},
		{"setresgid", unix.SYS_SETRESGID, Nobody, Nobody, Nobody},
		{"setresuid", unix.SYS_SETRESUID, Nobody, Nobody, Nobody},
	} {
		if _, _, errno := unix.RawSyscall(call.number, call.a, call.b, call.c); errno != 0 {
			return fmt.Errorf("%s: %w", call.name, errno)
		}
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return fmt.Errorf("capget: %w", err)
	}
	sets[0].Inheritable |= 1 << unix.CAP_DAC_OVERRIDE
	if err := unix.Capset(&header, &sets[0]); err != nil {
		return fmt.Errorf("capset: %w", err)
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, unix.CAP_DAC_OVERRIDE, 0, 0); err != nil {
		return fmt.Errorf("ambient capability: %w", err)
	}
	return nil
}
