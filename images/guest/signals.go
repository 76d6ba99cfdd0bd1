package main

import (
	"os"
	"os/signal"
	"unsafe"

	"golang.org/x/sys/unix"
)

// takeSignals keeps the agent alive whatever signals it is sent. Those that Go
// can catch are caught and dropped, since the tests would inherit SIG_IGN.
//
// The kernel protects PID 1 from a signal with the default action, but not if
// it arrives while the first thread blocks it, as it does in a handler: then
// complete_signal finds another thread that wants it, and kills the whole
// process without checking SIGNAL_UNKILLABLE (seen on 6.1 and 6.18). Signals 32
// and 34, which Go leaves to libc, therefore have to be ignored.
func takeSignals() {
	dropped := make(chan os.Signal, 1)
	for n := unix.Signal(1); n <= 64; n++ {
		switch n {
		case unix.SIGCHLD: // used by the reaper
		case unix.SIGURG: // used by the Go scheduler for preemption
		case 32, 34:
			if err := ignoreSignal(n); err != nil {
				logf("ignoring signal %d: %v", int(n), err)
			}
		default:
			signal.Notify(dropped, n)
		}
	}
	go func() {
		for range dropped {
		}
	}()
}

// ignoreSignal is sigaction(2) with SIG_IGN for a signal that os/signal does
// not handle.
func ignoreSignal(n unix.Signal) error {
	action := struct {
		handler  uintptr
		flags    uint64
		restorer uintptr
		mask     uint64
	}{handler: 1} // SIG_IGN
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(n), uintptr(unsafe.Pointer(&action)), 0, unsafe.Sizeof(action.mask), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
