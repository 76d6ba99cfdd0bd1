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
	Doc: "Pages enter pipes in every way and leave them in every way, many times: read, discarded, shared by tee, left in a socket that is closed. Afterwards there is no reference left to any of them.",
	Steps: []string{
		"Splice a file, or vmsplice a mapping of it or anonymous memory, into a pipe.",
		"Read it, read half of a page of it, splice it to /dev/null, tee it, splice it to a socket that nobody reads, or close the pipe while it is full; repeat each way.",
		"pipes: a user limited to 64 pages of pipes does this, and resizes pipes; can that user have as many pipes as before?",
		"file: drop the pages of the file; is one still in the page cache? memfd: can it be sealed by F_SEAL_WRITE, which a reference to a single page prevents?",
		"memory: 256 pages of new memory go each of these ways; how much less is free afterwards, with the caches dropped before and after?",
	},
	Oracle: "pipes, file and memfd are exact: a single referenced page is a leak; memory tolerates 128 pages for the kernel's own use, half of what goes each way",
	Known:  []string{"no leak on 5.10, 6.1, 6.12, 6.18 and 7.3; of 7 MiB with pages of 4 KiB, the kernel keeps about 0.1"},
	Fault:  kit.FaultObservation,
	Guest:  true, // sysctls, another user and drop_caches affect the whole machine
	Cells:  kit.Named("pipes", "file", "memfd", "memory"),
}

// leakRounds is how often each exit is repeated: a leaked page shows at once, a
// leak in a rounded counter only after a few rounds.
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

// leakedPipes counts how many pipes a user can create, before and after. The
// kernel accounts the pages of all pipes of a user, and refuses a pipe that
// would exceed pipe-user-pages-hard; root is exempt.
func leakedPipes(c *kit.Cell) {
	const pages, pipes = 64, 4 // a pipe has 16 pages
	if !c.Setting("/proc/sys/fs/pipe-user-pages-soft", "0") || !c.Setting("/proc/sys/fs/pipe-user-pages-hard", strconv.Itoa(pages)) {
		c.Infra("no limit on a user's pipe pages: /proc/sys/fs/pipe-user-pages-hard")
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
		c.Infra("a new user limited to %d pages can create %d pipes instead of %d", pages, before, pipes)
	}
	if after = int(c.Saw(int64(after))); after != before {
		leaked(c, "a user limited to %d pages can create %d pipes, down from %d", pages, after, before)
	}
	c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: fmt.Sprintf("room for %d pipes, as before", after)})
}

// countPipes creates pipes until the kernel refuses one, or most exist.
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

// mostPipe is the default of /proc/sys/fs/pipe-max-size, which only root may exceed.
const mostPipe = 1 << 20

// resizePipe shrinks and grows a pipe, and requests a size that must be
// refused.
func resizePipe(refused int) error {
	p, err := rawPipe()
	if err != nil {
		return err
	}
	defer p.close()
	for _, size := range []int{kit.PageSize, min(32*kit.PageSize, mostPipe), 8 * kit.PageSize} {
		if _, err := unix.FcntlInt(uintptr(p.w), unix.F_SETPIPE_SZ, size); err != nil {
			return fmt.Errorf("F_SETPIPE_SZ to %d: %w", size, err)
		}
	}
	if _, err := unix.FcntlInt(uintptr(p.w), unix.F_SETPIPE_SZ, refused); !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("F_SETPIPE_SZ to %d, beyond this user's limit: %w instead of EPERM", refused, err)
	}
	return nil
}

// leakedFile looks for pages that cannot be dropped from the page cache.
func leakedFile(c *kit.Cell) {
	if c.FS.Type == "tmpfs" {
		c.Skip("tmpfs keeps its pages whether they are referenced or not")
	}
	f := c.File()
	f.WriteBackAndDrop()
	if n := kit.ResidentPages(f.FD, c.Shape.Size); n != 0 {
		c.Infra("%d pages of a clean, unused file are in the page cache after POSIX_FADV_DONTNEED", n)
	}
	if err := churn(leakRounds, fileFeeds(f.FD, c.Shape.Span)); err != nil {
		c.Infra("%v", err)
	}
	f.WriteBackAndDrop()
	if n := c.Saw(int64(kit.ResidentPages(f.FD, c.Shape.Size))); n != 0 {
		leaked(c, "%d pages of the file can no longer be dropped", n)
	}
	c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: "all pages of the file can be dropped"}.Worse(f.Views()))
}

// leakedMemfd seals a memfd, for which the kernel itself checks that its pages
// have no extra references.
func leakedMemfd(c *kit.Cell) {
	f := source.MemfdOf(c, 0)
	if err := churn(leakRounds, fileFeeds(f.FD, c.Shape.Span)); err != nil {
		c.Infra("%v", err)
	}
	if err := c.SawError(seal(f, unix.F_SEAL_WRITE)); err != nil {
		leaked(c, "F_ADD_SEALS(F_SEAL_WRITE) after all pipes are gone: %s", kit.ErrnoName(err))
	}
	c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: "no page of the memfd is referenced"}.Worse(f.Views()))
}

// leakedMemory sends new memory, round after round, and compares how much is
// free.
func leakedMemory(c *kit.Cell) {
	const rounds = 16
	chunk := 16 * kit.PageSize
	tolerated := rounds * chunk / 2
	feed := func(p fds) error {
		m, err := unix.Mmap(-1, 0, chunk, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE)
		if err != nil {
			return fmt.Errorf("map anonymous memory: %w", err)
		}
		defer func() { _ = unix.Munmap(m) }()
		return vmspliceAll(p, m)
	}
	if err := churn(1, []feeding{feed}); err != nil { // gets one-time allocations out of the way
		c.Infra("%v", err)
	}
	before := freeMemory(c)
	if err := churn(rounds, []feeding{feed}); err != nil {
		c.Infra("%v", err)
	}
	lost := before - freeMemory(c)
	c.Attr("lost_kib", strconv.Itoa(lost>>10))
	if c.Saw(int64(max(lost, 0)/tolerated)) != 0 {
		leaked(c, "%d KiB less are free after %d MiB went through pipes", lost>>10, rounds*chunk*len(exits)>>20)
	}
	c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: fmt.Sprintf("less than %d KiB are missing", tolerated>>10)})
}

// freeMemory is the number of free bytes once the caches are dropped, plus
// those in the per-CPU lists, which newer kernels let grow long, and those in
// use by this process.
func freeMemory(c *kit.Cell) int {
	c.DropCaches()
	return number(c, "/proc/meminfo", "MemFree:")<<10 +
		number(c, "/proc/zoneinfo", "count:")*kit.PageSize +
		number(c, "/proc/self/status", "RssAnon:")<<10
}

// number adds up the values of the lines of a file that begin with key.
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

// asNobody runs body on a separate thread as an unprivileged user that nothing else
// uses. The thread cannot become root again, so it exits instead of returning to
// the scheduler.
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
