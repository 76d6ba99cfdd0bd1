package console

import "slices"

// rules, in the order in which they are tried. The texts are those of kernels
// 5.10 to 7.3; a format that is newer or older says so.
var rules = slices.Concat(panics, sanitizers, lockups, warnings, oopses, archRules(), unknownBugs, memory, filesystems)

// PID 1's death and a missing root come first: they are not the kernel's fault.
var panics = []rule{
	{kind: InitDied, pattern: re(`Kernel panic - not syncing: (Attempted to kill init! exitcode=0x[0-9a-f]+)`), title: "$1", raw: true},
	{kind: InitDied, pattern: re(`Kernel panic - not syncing: (Attempted to kill init!)`), title: "$1"},
	{kind: NoRoot, pattern: re(`Kernel panic - not syncing: VFS: Unable to mount root fs`), title: "no root file system"},
	{kind: NoRoot, pattern: re(`Kernel panic - not syncing: (?:No working init found|No init found|Requested init (\S+) failed)`), title: "no working init"},
	{kind: Panic, pattern: re(`Kernel panic - not syncing: (.*)`), title: "panic: $1"},
	{kind: Panic, pattern: re(`---\[ end Kernel panic - not syncing: (.*?) \]---`), title: "panic: $1"},
}

var sanitizers = []rule{
	{kind: Sanitizer, pattern: re(`BUG: (KASAN|KFENCE|KMSAN): ([\w -]+?) in (` + fn + `)`), title: "$1: $2 in $3"},
	{kind: Sanitizer, pattern: re(`BUG: (KASAN|KFENCE|KMSAN): ([\w -]+)`), title: "$1: $2", where: atPC},
	{kind: Sanitizer, pattern: re(`BUG: KCSAN: ([\w -]+) in (\S+) / (\S+)`), title: "KCSAN: $1 in $2 / $3"},
	{kind: Sanitizer, pattern: re(`BUG: KCSAN: ([\w -]+) in (\S+)`), title: "KCSAN: $1 in $2"},
	{kind: Sanitizer, pattern: re(`UBSAN: ([\w -]+) in (\S+?):\d+`), title: "UBSAN: $1 in $2"},
	// SLUB and page poisoning print the trace of the code that noticed, not of
	// the culprit. Objects that remain when a cache is destroyed are a leak.
	{kind: Warning, pattern: re(`BUG (\S+) \([^)]*\): (Objects remaining)`), title: "SLUB: $2 in $1"},
	{kind: Sanitizer, pattern: re(`BUG (\S+) \([^)]*\): ([^.]*)`), title: "SLUB: $2 in $1"},
	{kind: Sanitizer, pattern: re(`pagealloc: (memory corruption|single bit error)`), title: "pagealloc: $1"},
}

// Lockups come before the general BUG.
var lockups = []rule{
	{kind: Lockup, pattern: re(`(?:NMI )?(?:watchdog: )?BUG: soft lockup - CPU#\d+ stuck`), title: "soft lockup", where: atPC},
	{kind: Lockup, pattern: re(`(?:NMI )?(?:watchdog: )?(?:CPU\d+: )?Watchdog detected hard LOCKUP`), title: "hard lockup", where: atPC},
	{kind: Lockup, pattern: re(`(?:rcu: )?INFO: rcu_\w+ (?:self-)?detected (?:expedited )?stall`), title: "RCU stall", where: atPC},
	{kind: Lockup, pattern: re(`BUG: workqueue lockup`), title: "workqueue lockup"},
	{kind: Lockup, pattern: re(`BUG: spinlock (?:lockup suspected|cpu recursion|recursion)`), title: "spinlock lockup", where: atTrace},
	{kind: HungTask, pattern: re(`INFO: task .{1,64}?:\d+ (?:\S+ )?blocked (?:\S+ ){0,4}for more than \d+ seconds`), title: "task hung", where: atTrace},
	{kind: HungTask, pattern: re(`INFO: task .{1,64}?:\d+ can't die for more than \d+ seconds`), title: "task can't die", where: atTrace},
}

// lockdep's reports. Its headline is "WARNING: …", in brackets "[ BUG: … ]"
// where it has not been converted, and "[ INFO: … ]" before 4.11.
const (
	lockdepHead   = `(?:\[ )?(?:WARNING|BUG|INFO): `
	lockdepReport = `possible (?:circular|recursive) locking (?:dependency )?detected|possible irq lock inversion dependency detected|` +
		`circular locking deadlock detected|inconsistent lock state|[\w/ -]*-> [\w/ -]*lock order detected|` +
		`[Ii]nvalid wait context|bad (?:unlock balance|contention) detected|held lock freed|lock held when returning to user space|` +
		`[Nn]ested lock was not taken|trying to register non-static key|suspicious RCU(?:-\w+)? usage`
)

// Debugging aids that complain and continue.
var warnings = []rule{
	{kind: Warning, pattern: re(`BUG: (sleeping function called from invalid context)`), title: "$1", where: atTrace},
	{kind: Warning, pattern: re(`BUG: (scheduling while atomic|using \w+\(?\)? in preemptible)`), title: "$1", where: atTrace},
	{kind: Warning, pattern: re(`(?:\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )?BUG: (memory leak)`), title: "$1"},
	// lockdep's tables are full: from here on it checks nothing.
	{kind: Warning, pattern: re(`BUG: (MAX_(?:LOCKDEP|LOCK|STACK)_\w+) too low`), title: "lockdep: $1 too low"},
	{kind: Warning, pattern: re(lockdepHead + `(` + lockdepReport + `)`), title: "WARNING: $1", where: atTrace},
	{kind: Warning, pattern: re(lockdepHead + `.{1,32}/\d+ (still has locks held)`), title: "WARNING: $1", where: atTrace},
	{kind: Warning, pattern: re(`WARNING: (kernel stack (?:regs|frame pointer)) at .* has bad (?:'\w+' )?value`), title: "WARNING: $1 has bad value"},
	{kind: Warning, pattern: re(`(unregister_netdevice: waiting) for \S+ (to become free)`), title: "$1 for a device $2"},
	// Up to 6.18: "WARNING: CPU: 0 PID: 1 at FILE:LINE FUNC+…", the file only
	// with CONFIG_DEBUG_BUGVERBOSE.
	{kind: Warning, pattern: re(`WARNING: CPU: \d+ PID: \d+ at (?:\S+:\d+ )?(` + fn + `)`), title: "WARNING in $1"},
	{kind: Warning, pattern: re(`WARNING: CPU: \d+ PID: \d+ at (\S+):\d+`), title: "WARNING", where: atPCFile},
	// Since 6.19: "WARNING: FILE:LINE at FUNC+…, CPU#0: COMM/1", with the
	// condition in brackets before the file with
	// CONFIG_DEBUG_BUGVERBOSE_DETAILED. The function is 0x0 or a bare address
	// where the kernel found no symbol for it.
	{kind: Warning, pattern: re(`WARNING: (?:(?:\[.*\] )?\S+:\d+ )?at (` + fn + `)`), title: "WARNING in $1"},
	{kind: Warning, pattern: re(`WARNING: (?:\[.*\] )?(\S+):\d+ at (?:0x)?[0-9a-f]+, CPU#`), title: "WARNING", where: atPCFile},
	{kind: Warning, pattern: re(`WARNING: at (?:0x)?[0-9a-f]+, CPU#`), title: "WARNING", where: atPC},
	{kind: Warning, pattern: re(`WARNING: (?:\S+:\d+ )?at (\S+?):\d+`), title: "WARNING", where: atPCFile},
}

// oopses are those of code that all architectures share, or at least several.
var oopses = []rule{
	{kind: Oops, pattern: re(`kernel BUG at (\S+?):\d+!`), title: "kernel BUG", where: atPCFile},
	// What the fault is called depends on where in the kernel it happened: on
	// riscv a load from address 0 is "access to user memory" in a system call
	// and a "NULL pointer dereference" in a kernel thread. The address decides.
	{kind: Oops, pattern: re(`Unable to handle kernel .* at virtual address (?:0x)?0{5,13}[0-9a-f]{3}\b`), title: "NULL pointer dereference", where: atPC},
	{kind: Oops, pattern: re(`Unable to handle kernel NULL pointer dereference`), title: "NULL pointer dereference", where: atPC},
	{kind: Oops, pattern: re(`Unable to handle kernel .* at virtual address`), title: "page fault", where: atPC},
	{kind: Oops, pattern: re(`Insufficient stack space to handle exception!`), title: "stack overflow", where: atPC},
	{kind: Oops, pattern: re(`BUG: (?:\w+ )?stack guard page was hit`), title: "stack overflow", where: atPC},
	{kind: Oops, pattern: re(`BUG: Bad page state in process`), title: "bad page state", where: atTrace},
	{kind: Oops, pattern: re(`BUG: Bad page map in process`), title: "bad page map", where: atTrace},
	{kind: Oops, pattern: re(`BUG: Bad rss-counter state`), title: "bad rss-counter state"},
}

// unknownBugs are what no other rule has recognised.
var unknownBugs = []rule{
	{kind: Oops, pattern: re(`BUG: (.*)`), title: "BUG: $1", where: atPC},
	// Every architecture counts its oopses where it names them, in the second
	// line of a page fault by no more than "Oops". A name that is new must not be
	// a pass.
	{kind: Oops, pattern: re(`([A-Za-z][^:\[]{2,60}?)(?::[^\[]*)? ?\[#\d+\](?:[: ].*)?$`), title: "$1", where: atPC, die: true},
}

var memory = []rule{
	{kind: OOM, pattern: re(`(Out of memory|Memory cgroup out of memory)(?: \([^)]*\))?: Kill(?:ed)? process \d+ \((.{1,64})\)(?:,? (?:total-vm|UID|score)|$)`), title: "$1: killed $2"},
	{kind: OOM, pattern: re(`(Out of memory and no killable processes)`), title: "$1"},
}
