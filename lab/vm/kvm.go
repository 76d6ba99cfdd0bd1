package vm

import (
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"syscall"
)

// kvmDevice is the device through which a process uses KVM.
const kvmDevice = "/dev/kvm"

// noPermission is why this process may not open a device, and what to do: the
// group is not kvm everywhere, and to join it is not enough before the next login.
func noPermission(device string) string {
	problem := "no permission to open " + device
	info, err := os.Stat(device)
	if err != nil {
		return problem
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return problem
	}
	gid := strconv.FormatUint(uint64(st.Gid), 10)
	group := gid
	if g, err := user.LookupGroupId(gid); err == nil {
		group = g.Name
	}
	u, err := user.Current()
	if err != nil {
		return problem
	}
	member := false
	if ids, err := u.GroupIds(); err == nil {
		member = slices.Contains(ids, gid)
	}
	now, _ := os.Getgroups()
	return problem + ": " + advice(info.Mode().Perm(), group, u.Username, member, slices.Contains(append(now, os.Getegid()), int(st.Gid)))
}

// advice is what a user without permission can do about a device of a group.
// member says that the group has the user, now that this process is in it.
func advice(mode os.FileMode, group, name string, member, now bool) string {
	switch {
	case mode&0o060 != 0o060:
		return fmt.Sprintf("its mode is %#o, which excludes the group %s: the distribution's udev rules set 0660 (in a container, the host does)", mode, group)
	case now:
		return fmt.Sprintf("although this process is in its group %s: a sandbox or an access control list forbids it", group)
	case member:
		return fmt.Sprintf("%s is in its group %s, but not since this login: log in again, or use newgrp %s", name, group, group)
	}
	return fmt.Sprintf("join its group: as root, usermod -aG %s %s, then log in again", group, name)
}
