package splice

import (
	"errors"
	"fmt"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/source"
)

var secretMemory = kit.Test{
	Name: "TestSecretMemory", ID: "D8", Family: familyMemory, Kind: outcome.Invariant, Priority: 1,
	Doc: "Memory of memfd_secret(2), which is not in the kernel's direct map, is put into a pipe by vmsplice(2) of a mapping and by splice(2) of the file: both must be refused.",
	Steps: []string{
		"Map a memfd_secret(2) file and store to it.",
		"vmsplice the mapping, or splice the file.",
	},
	Oracle: "the call fails, vmsplice with EFAULT and splice with EINVAL, and the pipe is empty",
	Needs:  []string{"memfd_secret(2)"},
	Fault:  kit.FaultObservation,
	Cells:  kit.Named("vmsplice", "splice"),
	Known:  []string{"refused as required on 6.12, 6.18 and 7.3"},
}

func TestSecretMemory(t *testing.T) {
	kit.Run(t, secretMemory, func(c *kit.Cell) {
		fd, _, e := unix.Syscall(unix.SYS_MEMFD_SECRET, unix.O_CLOEXEC, 0, 0)
		if e == unix.ENOSYS {
			c.Skip("memfd_secret: ENOSYS (Linux before 5.14, before 6.5 without secretmem.enable=1, or a kernel without CONFIG_SECRETMEM)")
		}
		if e != 0 {
			c.Infra("memfd_secret: %s", kit.ErrnoName(e))
		}
		defer func() { _ = unix.Close(int(fd)) }()
		if err := unix.Ftruncate(int(fd), int64(kit.PageSize)); err != nil {
			c.Infra("ftruncate of secret memory: %s", kit.ErrnoName(err))
		}
		m, err := unix.Mmap(int(fd), 0, kit.PageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			c.Infra("map secret memory: %s", kit.ErrnoName(err))
		}
		defer func() { _ = unix.Munmap(m) }()
		copy(m, "a secret")
		p := c.Pipe()
		want := unix.EFAULT
		if c.Shape.Variant == "vmsplice" {
			iov := unix.Iovec{Base: unsafe.SliceData(m)}
			iov.SetLen(len(m))
			_, err = unix.Vmsplice(p.W, []unix.Iovec{iov}, unix.SPLICE_F_NONBLOCK)
		} else {
			want = unix.EINVAL
			off := int64(0)
			_, err = unix.Splice(int(fd), &off, p.W, nil, kit.PageSize, unix.SPLICE_F_NONBLOCK)
		}
		switch err = c.SawError(err); {
		case err == nil || p.Readable() != 0:
			c.Record(kit.Finding{Outcome: outcome.Foreign, Detail: c.Shape.Variant + " put secret memory into the pipe"})
		case !errors.Is(err, want):
			c.Record(kit.Finding{Outcome: outcome.Error, Detail: c.Shape.Variant + ": " + kit.ErrnoName(err) + " instead of " + kit.ErrnoName(want)})
		default:
			c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: c.Shape.Variant + " is refused: " + kit.ErrnoName(err)})
		}
	})
}

var hugetlb = kit.Test{
	Name: "TestHugetlb", ID: "D9", Family: familyMemory, Kind: outcome.Characterisation, Priority: 1,
	Doc: "A hugetlbfs page is put into a pipe by vmsplice(2) of a mapping, and is then stored to or punched out of the file.",
	Steps: []string{
		"Map a memfd of one huge page and fill it with the pattern.",
		"vmsplice the beginning of the mapping.",
		"Store the next generation through the mapping, or punch out the page.",
		"Read the pipe.",
	},
	Known: []string{"store is live, punch a snapshot, on 5.10, 6.1, 6.12, 6.18 and 7.3"},
	Needs: []string{"hugetlbfs"},
	Guest: true, // it reserves huge pages
	Cells: kit.Named("store", "punch"),
}

func TestHugetlb(t *testing.T) {
	kit.Run(t, hugetlb, func(c *kit.Cell) {
		f, m := source.HugetlbOf(c)
		span := c.Shape.Span
		p := c.Pipe()
		p.Vmsplice(f.History, m[:span], 0)
		if c.Shape.Variant == "punch" {
			f.Punch(0, source.HugetlbLen)
		} else {
			copy(m, f.History.Write(0, span))
		}
		p.Judge(f)
	})
}

var hugetlbSplice = kit.Test{
	Name: "TestHugetlbSplice", ID: "D9", Family: familyMemory, Kind: outcome.Characterisation, Priority: 1,
	Doc: "A hugetlbfs page is put into a pipe by splice(2) of the file, and is then stored to; no known kernel supports the splice.",
	Steps: []string{
		"Map a memfd of one huge page and fill it with the pattern.",
		"Splice the beginning of the file.",
		"If that succeeds, store the next generation through the mapping and read the pipe.",
	},
	Oracle: "a refusal is an error, recorded by its errno; otherwise as in most tests",
	Needs:  []string{"hugetlbfs"},
	Fault:  kit.FaultObservation,
	Guest:  true, // it reserves huge pages
	Known:  []string{"error, splice: EINVAL, on 5.10, 6.1, 6.12, 6.18 and 7.3, tmpfs, ext4, xfs and btrfs"},
}

func TestHugetlbSplice(t *testing.T) {
	kit.Run(t, hugetlbSplice, func(c *kit.Cell) {
		f, m := source.HugetlbOf(c)
		span := c.Shape.Span
		p := c.Pipe()
		off := int64(0)
		f.History.Splice()
		n, err := unix.Splice(f.FD, &off, p.W, nil, span, unix.SPLICE_F_NONBLOCK)
		if err = c.SawError(err); err != nil {
			c.Failed("splice", err)
		}
		if n <= 0 {
			c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: fmt.Sprintf("splice: %d of %d bytes", max(n, 0), span)})
		}
		p.Spliced(0, int(n))
		copy(m, f.History.Write(0, span))
		p.Judge(f)
	})
}
