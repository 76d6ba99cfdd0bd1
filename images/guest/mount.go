package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/u-root/u-root/pkg/mount"
	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
)

// mountFlags maps the options that mount(2) takes as flags; every other option
// is passed to the filesystem.
var mountFlags = map[string]uintptr{
	"defaults":    0,
	"rw":          0,
	"ro":          unix.MS_RDONLY,
	"nosuid":      unix.MS_NOSUID,
	"nodev":       unix.MS_NODEV,
	"noexec":      unix.MS_NOEXEC,
	"sync":        unix.MS_SYNCHRONOUS,
	"dirsync":     unix.MS_DIRSYNC,
	"mand":        unix.MS_MANDLOCK,
	"noatime":     unix.MS_NOATIME,
	"nodiratime":  unix.MS_NODIRATIME,
	"relatime":    unix.MS_RELATIME,
	"strictatime": unix.MS_STRICTATIME,
	"lazytime":    unix.MS_LAZYTIME,
	"remount":     unix.MS_REMOUNT,
	"bind":        unix.MS_BIND,
	"rbind":       unix.MS_BIND | unix.MS_REC,
	"private":     unix.MS_PRIVATE,
	"shared":      unix.MS_SHARED,
	"silent":      unix.MS_SILENT,
}

// mountFS creates the listed directories, then mounts as requested.
func mountFS(m protocol.Mount) error {
	if m.Target == "" {
		return fmt.Errorf("mount of %s has no target", m.Type)
	}
	for _, dir := range append(slices.Clone(m.Mkdirs), m.Target) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	device, err := resolveDevice(m.Device)
	if err != nil {
		return err
	}
	if device == "" {
		device = m.Type
	}
	flags, data := splitOptions(m.Options)
	_, err = mount.Mount(device, m.Target, m.Type, data, flags)
	return err
}

// splitOptions divides comma-separated mount options into flags and the
// filesystem's own.
func splitOptions(options string) (flags uintptr, data string) {
	var own []string
	for opt := range strings.SplitSeq(options, ",") {
		flag, known := mountFlags[opt]
		switch {
		case opt == "":
		case known:
			flags |= flag
		default:
			own = append(own, opt)
		}
	}
	return flags, strings.Join(own, ",")
}

// diskWait bounds the wait for a disk to be probed. NVMe probes asynchronously,
// which takes a while under TCG on a busy host.
const diskWait = 10 * time.Second

// resolveDevice turns "disk0" into the path of the first virtio, NVMe or
// persistent-memory disk, "disk1" into that of the second, and so on. Other
// names are returned unchanged.
func resolveDevice(name string) (string, error) {
	digits, isDisk := strings.CutPrefix(name, "disk")
	n, err := strconv.Atoi(digits)
	if !isDisk || err != nil || n < 0 {
		return name, nil
	}
	var disks []string
	for deadline := time.Now().Add(diskWait); ; {
		disks, err = listDisks("/sys/block")
		if err != nil {
			return "", err
		}
		if n < len(disks) {
			path := "/dev/" + disks[n]
			// devtmpfs creates the node from its own kernel thread.
			if _, err := os.Stat(path); err == nil {
				return path, nil
			}
		}
		if time.Now().After(deadline) {
			return "", fmt.Errorf("%s did not appear within %v (disks: %s): the driver's module is missing or the VM has no such disk",
				name, diskWait, cmp.Or(strings.Join(disks, " "), "none"))
		}
		time.Sleep(5 * time.Millisecond) // sysfs has no way to wait for an entry
	}
}

var diskName = regexp.MustCompile(`^(vd[a-z]+|pmem[0-9]+|nvme[0-9]+n[0-9]+)$`)

// listDisks returns the disks' names in the order of QEMU's command line,
// virtio first, then persistent memory, then NVMe.
func listDisks(sysBlock string) ([]string, error) {
	entries, err := os.ReadDir(sysBlock)
	if err != nil {
		return nil, err
	}
	var disks []string
	for _, e := range entries {
		if diskName.MatchString(e.Name()) {
			disks = append(disks, e.Name())
		}
	}
	slices.SortFunc(disks, func(a, b string) int {
		return cmp.Or(
			cmp.Compare(b[0], a[0]),     // v before p before n
			cmp.Compare(len(a), len(b)), // vdz before vdaa, nvme2n1 before nvme10n1
			strings.Compare(a, b))
	})
	return disks, nil
}

// loadModules loads modules in the given order. It is no error if one is loaded
// already or built in.
func loadModules(paths []string) error {
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		err = unix.FinitModule(int(f.Fd()), "", 0)
		if errors.Is(err, unix.EEXIST) {
			err = nil
		}
		if err = closeWith(f, err); err != nil {
			return fmt.Errorf("loading module %s: %w", path, err)
		}
	}
	return nil
}
