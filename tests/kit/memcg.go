package kit

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// cgroups is where cgroup2 is mounted in the guest.
const cgroups = "/sys/fs/cgroup"

// Memcg is a separate control group, charged for what the process allocates until
// it leaves.
type Memcg struct {
	c    *Cell
	path string
}

// Memcg moves the process into a new control group with the memory controller,
// which is removed when the cell ends.
func (c *Cell) Memcg() *Memcg {
	c.T.Helper()
	have, err := os.ReadFile(filepath.Join(cgroups, "cgroup.controllers"))
	if err != nil || !slices.Contains(strings.Fields(string(have)), "memory") {
		c.Skip("no memory controller in cgroup2 at %s", cgroups)
	}
	m := &Memcg{c: c, path: filepath.Join(cgroups, "cell")}
	control := filepath.Join(cgroups, "cgroup.subtree_control")
	if err := os.WriteFile(control, []byte("+memory"), 0); err != nil {
		c.Infra("%v", err)
	}
	c.T.Cleanup(func() { _ = os.WriteFile(control, []byte("-memory"), 0) })
	if err := os.Mkdir(m.path, 0o755); err != nil {
		c.Infra("%v", err)
	}
	c.T.Cleanup(func() {
		m.move(cgroups)
		_ = os.Remove(m.path)
	})
	m.move(m.path)
	return m
}

func (m *Memcg) move(to string) {
	if err := os.WriteFile(filepath.Join(to, "cgroup.procs"), []byte("0"), 0); err != nil {
		m.c.T.Errorf("%v", err)
	}
}

// Leave moves the process back. Existing charges stay with the group.
func (m *Memcg) Leave() { m.move(cgroups) }

// Charged returns the number of bytes charged to the group.
func (m *Memcg) Charged() int {
	m.c.T.Helper()
	b, err := os.ReadFile(filepath.Join(m.path, "memory.current"))
	if err != nil {
		m.c.Infra("%v", err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		m.c.Infra("memory.current: %v", err)
	}
	return n
}

// Reclaim reclaims as much of the charged memory as possible, by memory.reclaim.
func (m *Memcg) Reclaim() {
	m.c.T.Helper()
	switch err := m.write("memory.reclaim", strconv.Itoa(m.Charged())); {
	case err == nil, errors.Is(err, unix.EAGAIN): // EAGAIN: less than requested
	case errors.Is(err, unix.ENOENT):
		m.c.Skip("no memory.reclaim: it exists since Linux 5.19")
	default:
		m.c.Failed("memory.reclaim", err)
	}
}

// Squeeze reclaims the charged memory by setting memory.high to 0. Call Leave
// first: processes in the group are throttled.
func (m *Memcg) Squeeze() {
	m.c.T.Helper()
	if err := m.write("memory.high", "0"); err != nil {
		m.c.Failed("memory.high", err)
	}
}

// write bypasses package os, which makes the descriptor non-blocking: the
// runtime would then wait on EAGAIN, and on newer kernels a non-blocking write
// to memory.high sets the limit without reclaiming.
func (m *Memcg) write(file, value string) error {
	fd, err := unix.Open(filepath.Join(m.path, file), unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	return m.c.do(file, func() error { _, err := unix.Write(fd, []byte(value)); return err })
}
