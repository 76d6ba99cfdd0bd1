package splice

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/source"
)

var leaks = kit.Test{
	Name: "TestLeak", ID: "J4", Family: familyMeta, Kind: outcome.Invariant, Priority: 1,
	Doc: "Pages go into pipes in every way and leave them in every way, many times: read, thrown away, shared by tee, left in a socket that is closed. Afterwards nobody holds any of them.",
	Steps: []string{
		"Splice a file, or vmsplice a mapping of it or anonymous memory, into a pipe.",
		"Read it, read half of a page of it, splice it to /dev/null, tee it, splice it to a socket that nobody reads, or close the pipe with all that is in it; repeat each way.",
		"pipes: a user who may have 64 pages of pipes did that, and resized pipes; can that user have as many pipes as before?",
		"file: drop the pages of the file; is one still in the page cache? memfd: may it be sealed by F_SEAL_WRITE, which a reference to one page forbids?",
		"memory: 7 MiB of new memory go that way; how much less is free then, the caches being dropped before and after?",
	},
	Oracle: "pipes, file and memfd are exact: one page that is held is a leak; memory tolerates 512 KiB for what the kernel keeps of its own, half of what goes each of the seven ways",
	Known:  []string{"no leak on 5.10, 6.1, 6.12, 6.18 and 7.3; of 7 MiB, the kernel keeps about 0.1"},
	Fault:  kit.FaultObservation,
	Guest:  true, // sysctls, another user and drop_caches are the whole machine's
	Cells:  kit.Named("pipes", "file", "memfd", "memory"),
}

// leakRounds is how often each way is gone: a leak of one page shows at once,
// and one of a counter that is rounded up a little later.
const leakRounds = 8

func TestLeak(t *testing.T) {
	kit.Run(t, leaks, func(c *kit.Cell) {
		switch c.Shape.Variant {
		case "pipes":
			leakedPipes(c)
		case "file":
			leakedFile(c)
		case "memfd":
			leakedMemfd(c)
		case "memory":
			leakedMemory(c)
		}
	})
}

func leaked(c *kit.Cell, format string, args ...any) {
	c.Conclude(kit.Finding{Outcome: outcome.Error, Never: true, Detail: fmt.Sprintf(format, args...)})
}

// leakedPipes counts the pipes that a user may have, before and after. The
// kernel counts the pages of all pipes of a user, and refuses a pipe that
// would exceed pipe-user-pages-hard; root is exempt.
func leakedPipes(c *kit.Cell) {
	const pages, pipes = 64, 4 // a pipe has 16 pages
	if !c.Setting("/proc/sys/fs/pipe-user-pages-soft", "0") || !c.Setting("/proc/sys/fs/pipe-user-pages-hard", strconv.Itoa(pages)) {
		c.Infra("there is no limit to the pages of a user's pipes: /proc/sys/fs/pipe-user-pages-hard")
	}
	f := c.File()
	var before, after int
	err := asNobody(func() (err error) {
		if before, err = countPipes(2 * pipes); err != nil {
			return err
		}
		if err := churn(leakRounds, fileFeeds(f.FD, c.Shape.Span)); err != nil {
			return err
		}
		for range leakRounds {
			if err := resizePipe((pages + 1) * kit.PageSize); err != nil {
				return err
			}
		}
		after, err = countPipes(2 * pipes)
		return err
	})
	switch {
	case err != nil:
		c.Infra("%v", err)
	case before != pipes:
		c.Infra("a user who never had a pipe, and may have %d pages, has room for %d pipes instead of %d", pages, before, pipes)
	}
	if after = int(c.Saw(int64(after))); after != before {
		leaked(c, "a user with %d pages of pipes has room for %d pipes, and had for %d", pages, after, before)
	}
	c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: fmt.Sprintf("room for %d pipes, as before", after)})
}

// countPipes opens pipes until the kernel refuses one, or most are open.
func countPipes(most int) (int, error) {
	n := 0
	for ; n < most; n++ {
		p, err := rawPipe()
		if errors.Is(err, unix.ENFILE) {
			break
		}
		if err != nil {
			return n, err
		}
		defer p.close()
	}
	return n, nil
}

// resizePipe makes a pipe smaller and larger again, and asks for a size that
// must be refused.
func resizePipe(refused int) error {
	p, err := rawPipe()
	if err != nil {
		return err
	}
	defer p.close()
	for _, size := range []int{kit.PageSize, 32 * kit.PageSize, 8 * kit.PageSize} {
		if _, err := unix.FcntlInt(uintptr(p.w), unix.F_SETPIPE_SZ, size); err != nil {
			return fmt.Errorf("F_SETPIPE_SZ to %d: %w", size, err)
		}
	}
	if _, err := unix.FcntlInt(uintptr(p.w), unix.F_SETPIPE_SZ, refused); !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("F_SETPIPE_SZ to %d, more than this user may have: %w instead of EPERM", refused, err)
	}
	return nil
}

// leakedFile looks for pages that cannot be dropped from the page cache.
func leakedFile(c *kit.Cell) {
	if c.FS.Type == "tmpfs" {
		c.Skip("tmpfs keeps its pages whether somebody else holds them or not")
	}
	f := c.File()
	f.WriteBackAndDrop()
	if n := kit.ResidentPages(f.FD, c.Shape.Size); n != 0 {
		c.Infra("%d pages of a clean file that nobody uses are in the page cache after POSIX_FADV_DONTNEED", n)
	}
	if err := churn(leakRounds, fileFeeds(f.FD, c.Shape.Span)); err != nil {
		c.Infra("%v", err)
	}
	f.WriteBackAndDrop()
	if n := c.Saw(int64(kit.ResidentPages(f.FD, c.Shape.Size))); n != 0 {
		leaked(c, "%d pages of the file cannot be dropped any more", n)
	}
	c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: "all pages of the file can be dropped"}.Worse(f.Views()))
}

// leakedMemfd seals a memfd, for which the kernel itself looks whether
// somebody has a reference to one of its pages.
func leakedMemfd(c *kit.Cell) {
	f := source.MemfdOf(c, 0)
	if err := churn(leakRounds, fileFeeds(f.FD, c.Shape.Span)); err != nil {
		c.Infra("%v", err)
	}
	if err := c.SawError(seal(f, unix.F_SEAL_WRITE)); err != nil {
		leaked(c, "F_ADD_SEALS(F_SEAL_WRITE) after all pipes are gone: %s", kit.ErrnoName(err))
	}
	c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: "no page of the memfd is held"}.Worse(f.Views()))
}

// leakedMemory sends new memory, round after round, and compares how much is
// free.
func leakedMemory(c *kit.Cell) {
	const chunk, rounds, tolerated = 16 * kit.PageSize, 16, 512 << 10
	feed := func(p fds) error {
		m, err := unix.Mmap(-1, 0, chunk, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE)
		if err != nil {
			return fmt.Errorf("map anonymous memory: %w", err)
		}
		defer func() { _ = unix.Munmap(m) }()
		return vmspliceAll(p, m)
	}
	if err := churn(1, []feeding{feed}); err != nil { // what is allocated once, is by now
		c.Infra("%v", err)
	}
	before := freeMemory(c)
	if err := churn(rounds, []feeding{feed}); err != nil {
		c.Infra("%v", err)
	}
	lost := before - freeMemory(c)
	c.Attr("lost_kib", strconv.Itoa(lost>>10))
	if c.Saw(int64(max(lost, 0)/tolerated)) != 0 {
		leaked(c, "%d KiB less are free after %d MiB went through pipes", lost>>10, rounds*chunk*len(leavings)>>20)
	}
	c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: fmt.Sprintf("less than %d KiB are missing", tolerated>>10)})
}

// freeMemory is how many bytes are free once the caches are dropped, with
// those that lie in the lists of a processor, which newer kernels let grow
// long, and those that this process has taken itself.
func freeMemory(c *kit.Cell) int {
	c.DropCaches()
	return number(c, "/proc/meminfo", "MemFree:")<<10 +
		number(c, "/proc/zoneinfo", "count:")*os.Getpagesize() +
		number(c, "/proc/self/status", "RssAnon:")<<10
}

// number adds up what the lines of a file say that begin with key.
func number(c *kit.Cell, path, key string) int {
	b, err := os.ReadFile(path)
	if err != nil {
		c.Infra("%v", err)
	}
	sum, found := 0, false
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == key {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				c.Infra("%s: %v", path, err)
			}
			sum, found = sum+n, true
		}
	}
	if !found {
		c.Infra("%s has no line %s", path, key)
	}
	return sum
}

// asNobody runs body on a thread of its own as a user without privileges,
// and who is no one else. Nobody becomes root again: the thread is not given
// back, and ends.
func asNobody(body func() error) error {
	const uid = 54321
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, uid, uid, uid); e != 0 {
			done <- fmt.Errorf("setresuid: %w", e)
			return
		}
		done <- body()
	}()
	return <-done
}
