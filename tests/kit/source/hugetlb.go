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

// hugePages is where the kernel says how many pages of 2 MiB are set aside.
const hugePages = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"

// Hugetlb is a memfd of one huge page. It cannot be written, only mapped.
var Hugetlb = Source{
	Name: "hugetlb", Doc: "an anonymous file of one huge page of hugetlbfs, which splice(2) may refuse",
	Open: func(c *kit.Cell) *kit.File {
		f, _ := HugetlbOf(c)
		return f
	},
}

// HugetlbOf is a file of one huge page and a shared mapping of it. The pool
// has a page to spare, for a file whose page was taken out while a pipe holds
// it, and is as large as it was when the cell ends.
func HugetlbOf(c *kit.Cell) (*kit.File, []byte) {
	c.T.Helper()
	pool(c, 2)
	fd := memfd(c, unix.MFD_HUGETLB|unix.MFD_HUGE_2MB)
	f := c.Adopt(fd, fmt.Sprintf("/proc/self/fd/%d", fd), kit.HugeLen)
	if err := unix.Ftruncate(fd, kit.HugeLen); err != nil {
		c.Infra("ftruncate a file of hugetlbfs: %s", kit.ErrnoName(err))
	}
	m, err := unix.Mmap(fd, 0, kit.HugeLen, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		c.Infra("map a file of hugetlbfs: %s", kit.ErrnoName(err))
	}
	c.T.Cleanup(func() { _ = unix.Munmap(m) })
	copy(m, f.History.Content())
	return f, m
}

// pool sets n more huge pages aside until the cell ends.
func pool(c *kit.Cell, n int) {
	c.T.Helper()
	before, err := readNumber(hugePages)
	switch {
	case errors.Is(err, os.ErrNotExist):
		c.Skip("%s: no such file (no huge pages of 2 MiB, or a kernel without CONFIG_HUGETLBFS)", hugePages)
	case err != nil:
		c.Infra("%v", err)
	case os.Getenv(protocol.EnvGuest) != "1":
		c.Skip("%s=1 not set: sets huge pages aside, which only a throw-away VM may", protocol.EnvGuest)
	}
	set := func(n int) error { return os.WriteFile(hugePages, []byte(strconv.Itoa(n)), 0) }
	if err := set(before + n); err != nil {
		c.Infra("%v", err)
	}
	c.T.Cleanup(func() {
		if err := set(before); err != nil {
			c.T.Errorf("give the huge pages back: %v", err)
		}
	})
	after, err := readNumber(hugePages)
	if err == nil && after < before+n {
		// The pages cached for files that nobody uses lie in between.
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
