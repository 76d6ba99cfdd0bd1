package console

import (
	"regexp"
	"strings"
)

// rule recognises the first line of an event. Lines are matched from their
// beginning, after the timestamp, so that a fault that is merely quoted in a
// message does not match.
type rule struct {
	kind Kind
	// pattern matches the line; its groups are $1, $2, … in title.
	pattern *regexp.Regexp
	// title may use the pattern's groups, whose text is normalised.
	title string
	// raw keeps the text of the groups as it is: exit codes and error numbers
	// distinguish faults.
	raw bool
	// where says which function is added to the title, " in FUNC", if one is
	// found.
	where place
	// die marks lines that are the second half of an oops that another rule has
	// begun: "Oops: 0002 [#1] SMP" after "BUG: unable to handle …".
	die bool
}

// place is where in an event's block the function to blame is named.
type place int

const (
	nowhere   place = iota
	atRIP           // the instruction pointer, otherwise the call trace
	atTrace         // the first function of the call trace that is not a wait
	atRIPFile       // as atRIP, otherwise what the line itself says, in $1
)

func re(s string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + s + `)`) }

// fn matches a symbol with its offset, as %pS prints it.
const fn = `[A-Za-z_][\w.]*\+0x[0-9a-f]+/0x[0-9a-f]+`

// rules, in the order in which they are tried. The texts are those of kernels
// 5.10 to 7.3; a format that is newer or older says so.
var rules = []rule{
	// Panics. PID 1's death and a missing root come first: they are not the
	// kernel's fault.
	{kind: InitDied, pattern: re(`Kernel panic - not syncing: (Attempted to kill init! exitcode=0x[0-9a-f]+)`), title: "$1", raw: true},
	{kind: InitDied, pattern: re(`Kernel panic - not syncing: (Attempted to kill init!)`), title: "$1"},
	{kind: NoRoot, pattern: re(`Kernel panic - not syncing: VFS: Unable to mount root fs`), title: "no root file system"},
	{kind: NoRoot, pattern: re(`Kernel panic - not syncing: (?:No working init found|No init found|Requested init (\S+) failed)`), title: "no working init"},
	{kind: Panic, pattern: re(`Kernel panic - not syncing: (.*)`), title: "panic: $1"},
	{kind: Panic, pattern: re(`---\[ end Kernel panic - not syncing: (.*?) \]---`), title: "panic: $1"},

	// Sanitizers.
	{kind: Sanitizer, pattern: re(`BUG: (KASAN|KFENCE|KMSAN): ([\w -]+?) in (` + fn + `)`), title: "$1: $2 in $3"},
	{kind: Sanitizer, pattern: re(`BUG: (KASAN|KFENCE|KMSAN): ([\w -]+)`), title: "$1: $2", where: atRIP},
	{kind: Sanitizer, pattern: re(`BUG: KCSAN: ([\w -]+) in (\S+) / (\S+)`), title: "KCSAN: $1 in $2 / $3"},
	{kind: Sanitizer, pattern: re(`BUG: KCSAN: ([\w -]+) in (\S+)`), title: "KCSAN: $1 in $2"},
	{kind: Sanitizer, pattern: re(`UBSAN: ([\w -]+) in (\S+?):\d+`), title: "UBSAN: $1 in $2"},
	// SLUB and page poisoning print the trace of the code that noticed, not of
	// the culprit. Objects that remain when a cache is destroyed are a leak.
	{kind: Warning, pattern: re(`BUG (\S+) \([^)]*\): (Objects remaining)`), title: "SLUB: $2 in $1"},
	{kind: Sanitizer, pattern: re(`BUG (\S+) \([^)]*\): ([^.]*)`), title: "SLUB: $2 in $1"},
	{kind: Sanitizer, pattern: re(`pagealloc: (memory corruption|single bit error)`), title: "pagealloc: $1"},

	// Lockups, before the general BUG.
	{kind: Lockup, pattern: re(`(?:NMI )?(?:watchdog: )?BUG: soft lockup - CPU#\d+ stuck`), title: "soft lockup", where: atRIP},
	{kind: Lockup, pattern: re(`(?:NMI )?(?:watchdog: )?(?:CPU\d+: )?Watchdog detected hard LOCKUP`), title: "hard lockup", where: atRIP},
	{kind: Lockup, pattern: re(`(?:rcu: )?INFO: rcu_\w+ (?:self-)?detected (?:expedited )?stall`), title: "RCU stall", where: atRIP},
	{kind: Lockup, pattern: re(`BUG: workqueue lockup`), title: "workqueue lockup"},
	{kind: Lockup, pattern: re(`BUG: spinlock (?:lockup suspected|cpu recursion|recursion)`), title: "spinlock lockup", where: atTrace},
	{kind: HungTask, pattern: re(`INFO: task .{1,64}?:\d+ (?:\S+ )?blocked (?:\S+ ){0,4}for more than \d+ seconds`), title: "task hung", where: atTrace},

	// Debugging aids that complain and continue.
	{kind: Warning, pattern: re(`BUG: (sleeping function called from invalid context)`), title: "$1", where: atTrace},
	{kind: Warning, pattern: re(`BUG: (scheduling while atomic|using \w+\(?\)? in preemptible)`), title: "$1", where: atTrace},
	{kind: Warning, pattern: re(`BUG: (memory leak)`), title: "$1"},
	{kind: Warning, pattern: re(`(?:WARNING|INFO): (possible circular locking dependency detected|possible recursive locking detected|possible irq lock inversion dependency detected|inconsistent lock state|suspicious RCU usage|bad unlock balance detected|held lock freed|lock held when returning to user space|Nested lock was not taken|trying to register non-static key|[\w/ -]*-> [\w/ -]*lock order detected)`), title: "WARNING: $1", where: atTrace},
	// Up to 6.18: "WARNING: CPU: 0 PID: 1 at FILE:LINE FUNC+…", the file only
	// with CONFIG_DEBUG_BUGVERBOSE.
	{kind: Warning, pattern: re(`WARNING: CPU: \d+ PID: \d+ at (?:\S+:\d+ )?(` + fn + `)`), title: "WARNING in $1"},
	{kind: Warning, pattern: re(`WARNING: CPU: \d+ PID: \d+ at (\S+):\d+`), title: "WARNING", where: atRIPFile},
	// Since 6.19: "WARNING: FILE:LINE at FUNC+…, CPU#0: COMM/1".
	{kind: Warning, pattern: re(`WARNING: (?:\S+:\d+ )?at (` + fn + `)`), title: "WARNING in $1"},
	{kind: Warning, pattern: re(`WARNING: (?:\S+:\d+ )?at (\S+?):\d+`), title: "WARNING", where: atRIPFile},

	// Oopses.
	{kind: Oops, pattern: re(`kernel BUG at (\S+?):\d+!`), title: "kernel BUG", where: atRIPFile},
	{kind: Oops, pattern: re(`BUG: (?:kernel NULL pointer dereference|unable to handle kernel NULL pointer dereference)`), title: "NULL pointer dereference", where: atRIP},
	{kind: Oops, pattern: re(`BUG: unable to handle (?:kernel )?(page fault|paging request)`), title: "page fault", where: atRIP},
	{kind: Oops, pattern: re(`BUG: (?:\w+ )?stack guard page was hit`), title: "stack overflow", where: atRIP},
	{kind: Oops, pattern: re(`(?:traps: )?PANIC: (double fault)`), title: "$1", where: atRIP},
	{kind: Oops, pattern: re(`BUG: Bad page state in process`), title: "bad page state", where: atTrace},
	{kind: Oops, pattern: re(`BUG: Bad page map in process`), title: "bad page map", where: atTrace},
	{kind: Oops, pattern: re(`BUG: Bad rss-counter state`), title: "bad rss-counter state"},
	{kind: Oops, pattern: re(`BUG: (.*)`), title: "BUG: $1", where: atRIP},
	// Since 6.10 the name of the trap follows "Oops: ".
	{kind: Oops, pattern: re(`(?:Oops: )?(general protection fault|invalid opcode|divide error|stack segment|double fault|int3|bounds|alignment check|invalid TSS|segment not present|coprocessor segment overrun|control protection|Bad pagetable|SIMD exception|x87 FPU exception|spurious interrupt bug|machine check|debug)(?:,.*|: .*|maybe .*)?: [0-9a-f]{4} \[#\d+\]`), title: "$1", where: atRIP, die: true},
	{kind: Oops, pattern: re(`Oops: (?:Oops: )?[0-9a-f]{4} \[#\d+\]`), title: "Oops", where: atRIP, die: true},

	// Memory.
	{kind: OOM, pattern: re(`(Out of memory|Memory cgroup out of memory)(?: \([^)]*\))?: Kill(?:ed)? process \d+ \((.{1,64})\)(?:,? (?:total-vm|UID|score)|$)`), title: "$1: killed $2"},
	{kind: OOM, pattern: re(`(Out of memory and no killable processes)`), title: "$1"},

	// Filesystems.
	{kind: FSError, pattern: re(`(EXT[234])-fs (?:error|panic) \(device [^)]*\): (\w+):\d+: (?:inode #\d+: )?(?:block \d+: )?(?:comm .{1,64}?: )?([^:(\d]*)`), title: "$1: $2: $3"},
	{kind: FSError, pattern: re(`(EXT[234])-fs (?:error|panic) \(device [^)]*\)(?: in )?:? ?(\w+)`), title: "$1: $2"},
	{kind: FSError, pattern: re(`(EXT[234])-fs \([^)]*\): (Delayed block allocation failed|failed to convert unwritten extents|shut down requested)`), title: "$1: $2"},
	{kind: FSError, pattern: re(`JBD2: (Detected IO errors while flushing file data|Error -\d+ detected when updating journal)`), title: "JBD2: $1"},
	{kind: FSError, pattern: re(`XFS \([^)]*\): ([A-Z][\w -]*?)(?: \(0x[0-9a-f]+\))? detected (?:at|in) (?:\S+ \d+ of file \S+\s+Caller )?(` + fn + `)`), title: "XFS: $1 detected in $2"},
	{kind: FSError, pattern: re(`XFS \([^)]*\): (Internal error \S+) at line \d+ of file \S+?\.\s+Caller (` + fn + `)`), title: "XFS: $1 in $2"},
	{kind: FSError, pattern: re(`XFS \([^)]*\): (Internal error \S+|Corruption of \S+ data|Corruption detected|Metadata corruption|Metadata CRC error|Filesystem has been shut down due to [a-z /-]+|User initiated shutdown|[Ll]og I/O error|metadata I/O error|log mount/recovery failed)`), title: "XFS: $1"},
	{kind: FSError, pattern: re(`XFS(?: \([^)]*\))?: (Assertion failed): (.*?), file:`), title: "XFS: $1: $2"},
	{kind: FSError, pattern: re(`BTRFS:? (?:error|critical|panic|emergency) \(device [^)]*\):? in (\w+):\d+: (errno=-\d+)`), title: "BTRFS: $1: $2", raw: true},
	{kind: FSError, pattern: re(`BTRFS:? (?:error|critical|panic|emergency) \(device [^)]*\):? (.*)`), title: "BTRFS: $1"},
	{kind: FSError, pattern: re(`(F2FS|FAT|exFAT|EROFS|SQUASHFS)(?:-fs)?(?: \([^)]*\))?:? error[,:]? ?(.*)`), title: "$1: $2"},
}

// words are such that every line matched by a rule contains one of them. Most
// lines contain none, and skip the patterns.
var words = []string{
	"panic", "BUG", "SAN: ", "LOCKUP", "INFO: ", "WARNING: ", "[#", "PANIC: ",
	"ut of memory", "-fs", "XFS", "BTRFS", "JBD2", "error", "pagealloc: ",
}

// mayMatch reports whether a rule may match the line.
func mayMatch(line string) bool {
	for _, w := range words {
		if strings.Contains(line, w) {
			return true
		}
	}
	return false
}

// blameless are the panics that are not the kernel's fault. A log may be
// truncated in the middle of such a line; the remaining part must not blame the
// kernel.
var blameless = []struct {
	kind Kind
	text string
}{
	{InitDied, "Attempted to kill init!"},
	{NoRoot, "VFS: Unable to mount root fs"},
	{NoRoot, "No working init found"},
	{NoRoot, "Requested init "},
}

// cutShort returns the kind of a panic whose text may be truncated.
func cutShort(text string) Kind {
	for _, i := range blameless {
		if strings.HasPrefix(i.text, text) {
			return i.kind
		}
	}
	return Panic
}

// corruption reports whether a sanitizer's report means corrupted memory. UBSAN
// and KCSAN report undefined behaviour in the code.
func corruption(title string) bool {
	return !strings.HasPrefix(title, "UBSAN:") && !strings.HasPrefix(title, "KCSAN:")
}

// causeOf returns the kinds of events of which a panic with this title is a
// mere consequence; nil if it stands for itself.
func causeOf(title string) []Kind {
	for _, c := range []struct {
		title string
		kinds []Kind
	}{
		{"panic: Fatal exception", []Kind{Oops, Sanitizer}},
		{"panic: kernel: panic_on_warn set", []Kind{Warning, Sanitizer}},
		{"panic: panic_on_warn set", []Kind{Warning, Sanitizer}},
		{"panic: UBSAN: panic_on_warn set", []Kind{Sanitizer}},
		{"panic: KASAN: panic_on_warn set", []Kind{Sanitizer}},
		{"panic: KFENCE: panic_on_warn set", []Kind{Sanitizer}},
		{"panic: kasan.fault=panic set", []Kind{Sanitizer}},
		{"panic: hung_task: blocked tasks", []Kind{HungTask}},
		{"panic: softlockup: hung tasks", []Kind{Lockup}},
		{"panic: Hard LOCKUP", []Kind{Lockup}},
		{"panic: RCU Stall", []Kind{Lockup}},
		{"panic: workqueue: panic_on_stall", []Kind{Lockup}},
		{"panic: System is deadlocked on memory", []Kind{OOM}},
		{"panic: Out of memory", []Kind{OOM}},
		{"panic: EXT4-fs", []Kind{FSError}},
		{"panic: BTRFS", []Kind{FSError}},
	} {
		if strings.HasPrefix(title, c.title) {
			return c.kinds
		}
	}
	return nil
}
