package lab

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// DefaultJobs is how many VMs of this size the machine can run at once: 1.5 times
// the number that keeps its cores busy, because a VM waits for its disk and its
// serial ports part of the time (on two cores the default matrix takes 125 s with
// two VMs at once, 104 s with three), limited to three quarters of the memory that
// is available now; at least one. Cores and memory are those of this process's
// control groups: in a container, a host with 128 cores may have two of them to
// give and 8 GiB.
func DefaultJobs(memoryMiB, cpus int) int {
	cores := min(runtime.NumCPU(), runtime.GOMAXPROCS(0)) // the latter knows the CPU quota
	return jobsFor(cores, min(hostMiB(), groupMiB("/proc/self/cgroup", "/sys/fs/cgroup")), memoryMiB, cpus)
}

func jobsFor(cores, availableMiB, memoryMiB, cpus int) int {
	jobs := cores * 3 / 2 / max(cpus, 1)
	return max(1, min(jobs, availableMiB/4*3/(memoryMiB+overheadMiB)))
}

// unlimited is the memory where nothing is known of a limit.
const unlimited = math.MaxInt

// hostMiB is MemAvailable of /proc/meminfo: free memory and what can be freed.
func hostMiB() int {
	available := 0
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		available = parseAvailable(string(b))
	}
	var si unix.Sysinfo_t
	if unix.Sysinfo(&si) != nil {
		return unlimited
	}
	return max(available, int((si.Freeram+si.Bufferram)*uint64(si.Unit)>>20))
}

func parseAvailable(meminfo string) int {
	var kib int
	for line := range strings.Lines(meminfo) {
		if n, _ := fmt.Sscanf(line, "MemAvailable: %d kB", &kib); n == 1 {
			return kib / 1024
		}
	}
	return 0
}

// groupMiB is what this process's control group (version 2) and those around it
// still allow: the limit, less what is used and cannot be freed at once.
func groupMiB(self, root string) int {
	b, err := os.ReadFile(self)
	if err != nil {
		return unlimited
	}
	var groups []string // from this process's own to the root
	for line := range strings.Lines(string(b)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			for path = filepath.Clean("/" + path); path != "/"; path = filepath.Dir(path) {
				groups = append(groups, path)
			}
			groups = append(groups, "/")
		}
	}
	least := unlimited
	for _, group := range groups {
		dir := filepath.Join(root, group)
		if limit, ok := readNumber(filepath.Join(dir, "memory.max")); ok {
			used, _ := readNumber(filepath.Join(dir, "memory.current"))
			least = min(least, max(0, limit-used+inactive(filepath.Join(dir, "memory.stat")))>>20)
		}
	}
	return least
}

// readNumber reads a control file; "max" is not a number.
func readNumber(path string) (int, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	return n, err == nil
}

// inactive is the page cache that a group gives up first.
func inactive(stat string) int {
	b, _ := os.ReadFile(stat)
	for line := range strings.Lines(string(b)) {
		var n int
		if k, _ := fmt.Sscanf(line, "inactive_file %d", &n); k == 1 {
			return n
		}
	}
	return 0
}
