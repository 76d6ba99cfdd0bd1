package kit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Throttle limits the rate of the process's writes to the disk.
type Throttle struct {
	c    *Cell
	disk string // major:minor
	max  string // the path of io.max
}

// Throttle moves the process into a new control group whose writes to the disk
// of the filesystem under test wait in the block layer, below the filesystem,
// until Release. The group is removed when the cell ends.
func (c *Cell) Throttle() *Throttle {
	c.T.Helper()
	have, err := os.ReadFile(filepath.Join(cgroups, "cgroup.controllers"))
	if err != nil || !slices.Contains(strings.Fields(string(have)), "io") {
		c.Skip("no io controller in cgroup2 at %s", cgroups)
	}
	var st unix.Stat_t
	if err := unix.Stat(c.FS.Source, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFBLK {
		c.Skip("%s is not a block device", c.FS.Source)
	}
	group := &Memcg{c: c, path: filepath.Join(cgroups, "throttled")}
	control := filepath.Join(cgroups, "cgroup.subtree_control")
	if err := os.WriteFile(control, []byte("+io"), 0); err != nil {
		c.Infra("%v", err)
	}
	c.T.Cleanup(func() { _ = os.WriteFile(control, []byte("-io"), 0) })
	if err := os.Mkdir(group.path, 0o755); err != nil {
		c.Infra("%v", err)
	}
	t := &Throttle{c: c, max: filepath.Join(group.path, "io.max"),
		disk: fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev))}
	c.T.Cleanup(func() {
		t.Release()
		group.move(cgroups)
		_ = os.Remove(group.path)
	})
	// At this rate writing a page takes a minute.
	if err := t.limit("64"); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			c.Skip("no io.max (a kernel without CONFIG_BLK_DEV_THROTTLING)")
		}
		c.Infra("%v", err)
	}
	group.move(group.path)
	return t
}

func (t *Throttle) limit(bytesPerSecond string) error {
	return os.WriteFile(t.max, []byte(t.disk+" wbps="+bytesPerSecond), 0)
}

// Release lets the waiting writes proceed.
func (t *Throttle) Release() {
	if err := t.limit("max"); err != nil {
		t.c.T.Errorf("%v", err)
	}
}

// AwaitThrottled returns true once the thread waits for the disk in that system
// call, or false if the call returns. A thread that is repeatedly found in
// uninterruptible sleep waits for the disk: nothing else takes that long.
func (t *Throttle) AwaitThrottled(call *Thread, syscall int) bool {
	t.c.T.Helper()
	deadline := time.Now().Add(patience)
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for found := 0; found < 10; {
		select {
		case err := <-call.done:
			call.done <- err
			return false
		case <-poll.C:
		}
		if found++; !call.is('D', syscall) {
			found = 0
		}
		if time.Now().After(deadline) {
			t.c.Infra("the write neither waits for the disk nor returns")
		}
	}
	return true
}
