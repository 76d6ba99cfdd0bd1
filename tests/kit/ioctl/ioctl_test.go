package ioctl

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestNumber compares with numbers that x/sys/unix has for every architecture.
func TestNumber(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want uintptr
	}{
		{"TUNSETIFF", Number[int32](Write, 'T', 202), unix.TUNSETIFF},
		{"TUNGETIFF", Number[uint32](Read, 'T', 210), unix.TUNGETIFF},
		{"BLKGETSIZE64", Number[uintptr](Read, 0x12, 114), unix.BLKGETSIZE64},
		{"DM_TABLE_LOAD", Number[unix.DmIoctl](ReadWrite, 0xfd, 9), unix.DM_TABLE_LOAD},
		{"PERF_EVENT_IOC_PERIOD", Number[uint64](Write, '$', 4), unix.PERF_EVENT_IOC_PERIOD},
	} {
		if c.got != c.want {
			t.Errorf("%s is %#x, want %#x", c.name, c.got, c.want)
		}
	}
}
