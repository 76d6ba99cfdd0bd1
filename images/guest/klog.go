package main

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Bounds on the kernel log lines sent with a failed request. The last lines are
// kept: the cause is near the failure.
const (
	maxLogLines = 100
	maxLogLine  = 1024 // bytes; a kernel log record is at most about as long
)

// kernelLog reads the /dev/kmsg records logged since it was opened.
type kernelLog struct{ fd int }

// openKernelLog starts listening; without /dev/kmsg there are no lines.
func openKernelLog() *kernelLog {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		logf("%v", &os.PathError{Op: "open", Path: "/dev/kmsg", Err: err})
		return &kernelLog{fd: -1}
	}
	if _, err := unix.Seek(fd, 0, unix.SEEK_END); err != nil {
		logf("seeking in /dev/kmsg: %v", err)
	}
	return &kernelLog{fd: fd}
}

// lines returns the messages since the log was opened, without timestamp and
// level.
func (k *kernelLog) lines() []string {
	if k.fd < 0 {
		return nil
	}
	var lines []string
	buf := make([]byte, 8192) // CONSOLE_EXT_LOG_MAX: no record is longer
	// The number of rounds is bounded, in case the kernel logs as fast as we
	// read.
	for range 100 * maxLogLines {
		n, err := unix.Read(k.fd, buf)
		switch err {
		case nil:
			lines = append(lines, message(string(buf[:n])))
			if len(lines) > maxLogLines {
				lines = lines[1:]
			}
		case unix.EINTR, unix.EPIPE: // EPIPE: records were overwritten; the next read continues
		default: // EAGAIN: no more records
			return lines
		}
	}
	return lines
}

func (k *kernelLog) close() {
	if k.fd >= 0 {
		_ = unix.Close(k.fd)
	}
}

// message extracts the text of a record "level,sequence,time,flags;text" with
// optional lines " KEY=value" after it.
func message(record string) string {
	if _, text, ok := strings.Cut(record, ";"); ok {
		record = text
	}
	record, _, _ = strings.Cut(record, "\n")
	return record[:min(len(record), maxLogLine)]
}
