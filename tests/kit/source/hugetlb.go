package source

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/tests/kit"
)

// hugePages is the sysfs file with the number of reserved 2 MiB pages.
const hugePages = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"

// HugetlbLen is the size of the huge pages used: x86-64, riscv64, and arm64 with
// every page size have such ones, there as a run of PTEs if the page size is not
// 4 KiB.
const HugetlbLen = 2 << 20

// Hugetlb is a memfd of one huge page. It cannot be written, only mapped.
var Hugetlb = Source{
	Name: "hugetlb", Doc: "a hugetlbfs file of one huge page, which splice(2) may refuse",
	Open: func(c *kit.Cell) *kit.File {
		f, _ := HugetlbOf(c)
		return f
	},
}

// HugetlbOf returns a file of one huge page and a shared mapping of it. The pool
// has a spare page, in case the file's page is punched out while a pipe references
// it, and is restored when the cell ends.
func HugetlbOf(c *kit.Cell) (*kit.File, []byte) {
	c.T.Helper()
	pool(c, 2)
	fd := memfd(c, unix.MFD_HUGETLB|unix.MFD_HUGE_2MB)
	f := c.Adopt(fd, fmt.Sprintf("/proc/self/fd/%d", fd), HugetlbLen)
	if err := unix.Ftruncate(fd, HugetlbLen); err != nil {
		c.Infra("ftruncate a hugetlbfs file: %s", kit.ErrnoName(err))
	}
	m, err := unix.Mmap(fd, 0, HugetlbLen, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		c.Infra("map a hugetlbfs file: %s", kit.ErrnoName(err))
	}
	c.T.Cleanup(func() { _ = unix.Munmap(m) })
	copy(m, f.History.Content())
	return f, m
}

// pool reserves n more huge pages until the cell ends.
func pool(c *kit.Cell, n int) {
	c.T.Helper()
	before, err := readNumber(hugePages)
	switch {
	case errors.Is(err, os.ErrNotExist):
		c.Skip("%s: no such file (no huge pages of 2 MiB, or a kernel without CONFIG_HUGETLBFS)", hugePages)
	case err != nil:
		c.Infra("%v", err)
	case os.Getenv(protocol.EnvGuest) != "1":
		c.Skip("%s=1 not set: reserves huge pages, only allowed in a throw-away VM", protocol.EnvGuest)
	}
	set := func(n int) error { return os.WriteFile(hugePages, []byte(strconv.Itoa(n)), 0) }
	if err := set(before + n); err != nil {
		c.Infra("%v", err)
	}
	c.T.Cleanup(func() {
		if err := set(before); err != nil {
			c.T.Errorf("free the huge pages: %v", err)
		}
	})
	after, err := readNumber(hugePages)
	if err == nil && after < before+n {
		// The page cache of unused files fragments memory.
		c.DropCaches()
		c.CompactMemory()
		if err := set(before + n); err != nil {
			c.Infra("%v", err)
		}
		after, err = readNumber(hugePages)
	}
	if err != nil || after < before+n {
		c.Infra("asked for %d huge pages of 2 MiB and have %d (%v): no contiguous memory", before+n, after, err)
	}
}

func readNumber(path string) (int, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}
