package confine

import (
	"fmt"
	"os"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	llsyscall "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// landlockConfig is all that Landlock can restrict, as far as the host's kernel
// knows it.
var landlockConfig = landlock.V10.BestEffort()

// harmless are the devices that programs and Go's os/exec take for granted.
var harmless = []string{"/dev/null", "/dev/zero", "/dev/full"}

// random are the devices of random numbers.
var random = []string{"/dev/random", "/dev/urandom"}

// restrictThread takes rights from the calling thread, and from all programs
// that it starts later. The goroutine must have locked the thread, and must
// never unlock it: the rights do not come back.
func (p Policy) restrictThread() error {
	if p.Unconfined {
		return nil
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	// Root's programs also get namespaces of their own, where root may make them.
	// They take a millisecond; without them, sockets are denied all the same.
	if os.Geteuid() == 0 {
		_ = unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS)
	}
	rules, err := p.rules()
	if err != nil {
		return err
	}
	fd, flags, err := landlockConfig.NewRulesetFD(rules...)
	if err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	if fd >= 0 {
		err := llsyscall.LandlockRestrictSelf(fd, flags)
		_ = unix.Close(fd)
		if err != nil {
			return fmt.Errorf("landlock: %w", err)
		}
	}
	if err := denySockets(); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	if p.KeepUser {
		return nil
	}
	return dropRoot()
}

const (
	readFile = landlock.AccessFSSet(llsyscall.AccessFSReadFile)
	readDir  = landlock.AccessFSSet(llsyscall.AccessFSReadDir)
)

// rules are the policy as Landlock has it, which distinguishes files from
// directories.
func (p Policy) rules() ([]landlock.Rule, error) {
	rules := []landlock.Rule{landlock.RWFiles(harmless...).IgnoreIfMissing(), landlock.ROFiles(random...).IgnoreIfMissing()}
	add := func(paths []string, dir, file func(...string) landlock.FSRule) error {
		for _, path := range paths {
			st, err := os.Stat(path)
			switch {
			case os.IsNotExist(err):
			case err != nil:
				return err
			case st.IsDir():
				rules = append(rules, dir(path).IgnoreIfMissing())
			default:
				rules = append(rules, file(path).IgnoreIfMissing())
			}
		}
		return nil
	}
	read := func(access landlock.AccessFSSet) func(...string) landlock.FSRule {
		return func(paths ...string) landlock.FSRule { return landlock.PathAccess(access, paths...) }
	}
	control := func(paths ...string) landlock.FSRule { return landlock.RWFiles(paths...).WithIoctlDev() }
	for _, kind := range []struct {
		paths     []string
		dir, file func(...string) landlock.FSRule
	}{
		{p.Execute, landlock.RODirs, landlock.ROFiles},
		{p.Read, read(readFile | readDir), read(readFile)},
		{p.Write, landlock.RWFiles, landlock.RWFiles},
		{p.WriteDirs, landlock.RWDirs, landlock.RWFiles},
		{p.Devices, control, control},
	} {
		if err := add(kind.paths, kind.dir, kind.file); err != nil {
			return nil, err
		}
	}
	return rules, nil
}

// denySockets makes socket(2) fail with EACCES, for all families: Landlock
// denies TCP since Linux 6.7, other protocols later or not at all. io_uring,
// which opens sockets without that call, fails, too, and so do system calls of
// another architecture, whose numbers differ.
func denySockets() error {
	const (
		archOffset = 4 // of struct seccomp_data: nr, arch, …
		deny       = unix.SECCOMP_RET_ERRNO | uint32(unix.EACCES)
	)
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	equal := func(k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jt: yes, Jf: no}
	}
	result := func(k uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k}
	}
	filter := []unix.SockFilter{
		load(archOffset),
		equal(auditArch, 0, 5),
		load(0),
		// The x32 system calls of x86-64 have this bit.
		{Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, K: 0x40000000, Jt: 3},
		equal(unix.SYS_SOCKET, 2, 0),
		equal(unix.SYS_IO_URING_SETUP, 1, 0),
		result(unix.SECCOMP_RET_ALLOW),
		result(deny),
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return errno
	}
	return nil
}
