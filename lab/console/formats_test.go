package console

import (
	"slices"
	"strings"
	"testing"
)

// format is a log, as a kernel prints it, with one event.
type format struct {
	kind  Kind
	title string
	log   string
}

// formats are those that the corpus has no log of.
var formats = slices.Concat(commonFormats, archFormats, warningFormats, filesystemFormats)

func TestFormats(t *testing.T) {
	for _, c := range formats {
		e := one(t, c.log)
		if e.Kind != c.kind || e.Title != c.title {
			t.Errorf("%q\n got %s %q\nwant %s %q", c.log, e.Kind, e.Title, c.kind, c.title)
		}
		// The same, as a raw log and with CONFIG_PRINTK_CALLER.
		for _, prefix := range []string{"[   12.345678] ", "<4>[12345.678901] ", "[    1.234567][   T12] ", "[    1.234567][    C0] ", "<3>"} {
			p := one(t, prefix+strings.ReplaceAll(strings.TrimSuffix(c.log, "\n"), "\n", "\r\n"+prefix)+"\r\n")
			if p.Title != e.Title || p.Line != e.Line {
				t.Errorf("with %q: %d %q, without %d %q", prefix, p.Line, p.Title, e.Line, e.Title)
			}
		}
	}
}

// Every rule is the first to match a line of the corpus or of formats, where
// kind and title are compared: a rule that is dead, or whose words are missing,
// is found here.
func TestEveryRuleHasSpecimen(t *testing.T) {
	used := make([]bool, len(rules))
	mark := func(log string) {
		for _, text := range strings.Split(log, "\n") {
			if _, end := findStamp(text); end > 0 {
				text = text[end:]
			}
			if !mayMatch(text) {
				continue
			}
			for i, r := range rules {
				if r.pattern.MatchString(text) {
					used[i] = true
					break
				}
			}
		}
	}
	for _, c := range formats {
		mark(c.log)
	}
	for _, log := range corpus(t) {
		mark(log)
	}
	for i, r := range rules {
		if !used[i] {
			t.Errorf("no specimen of %s", r.pattern)
		}
	}
}

var commonFormats = []format{
	{Sanitizer, "KASAN: slab-use-after-free Write in filemap_splice_read",
		"BUG: KASAN: slab-use-after-free in filemap_splice_read+0x12a/0x340\nWrite of size 8 at addr ffff888012345678 by task splice.test/123\n"},
	{Sanitizer, "KASAN: null-ptr-deref Read in foo", "BUG: KASAN: null-ptr-deref in foo.isra.0+0x1/0x2\nRead of size 1 at addr 0000000000000010 by task x/1"},
	{Sanitizer, "KFENCE: use-after-free read in generic_file_read_iter", "BUG: KFENCE: use-after-free read in generic_file_read_iter+0xa/0xb0\n"},
	{Sanitizer, "KCSAN: data-race in a / b", "BUG: KCSAN: data-race in a / b\n"},
	{Sanitizer, "UBSAN: array-index-out-of-bounds in fs/xfs/xfs_iomap.c", "UBSAN: array-index-out-of-bounds in fs/xfs/xfs_iomap.c:123:45\n"},
	{Sanitizer, "SLUB: Poison overwritten in kmalloc-N", "BUG kmalloc-64 (Tainted: G    B  ): Poison overwritten\n"},
	{Sanitizer, "SLUB: Padding overwritten in dentry", "BUG dentry (Not tainted): Padding overwritten. 0xffff888012345678-0xffff888012345680 @offset=16\n"},
	{Warning, "SLUB: Objects remaining in xfs_inode", "BUG xfs_inode (Not tainted): Objects remaining in xfs_inode on __kmem_cache_shutdown()\n"},
	{Warning, "SLUB: Objects remaining in xfs_inode", "BUG xfs_inode (Not tainted): Objects remaining on __kmem_cache_shutdown()\n"},
	{Sanitizer, "pagealloc: memory corruption", "pagealloc: memory corruption\nffff888012345678: aa aa aa\nCPU: 0 PID: 1 Comm: x\nCall Trace:\n dump_stack+0x1/0x2\n __kernel_unpoison_pages+0x1/0x2\n post_alloc_hook+0x1/0x2\n"},
	{Lockup, "hard lockup in native_queued_spin_lock_slowpath",
		"watchdog: Watchdog detected hard LOCKUP on cpu 1\nModules linked in: xfs\nRIP: 0010:native_queued_spin_lock_slowpath+0x1/0x2\n"},
	{Lockup, "hard lockup", "watchdog: CPU2: Watchdog detected hard LOCKUP on cpu 3\n"},
	{Lockup, "RCU stall in splice_to_pipe",
		"rcu: INFO: rcu_preempt self-detected stall on CPU\nrcu: \t0-....: (2099 ticks this GP) idle=1b4/1/0x4000000000000000\nRIP: 0010:splice_to_pipe+0x44/0x100\n"},
	{Lockup, "RCU stall", "rcu: INFO: rcu_sched detected stalls on CPUs/tasks: { 1-...D } 21 jiffies s: 1\n"},
	{Lockup, "RCU stall", "rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-...D }\n"},
	{Lockup, "workqueue lockup", "BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 30s!\n"},
	{HungTask, "task hung in xfs_ilock",
		"INFO: task kworker/u4:1:42 blocked for more than 120 seconds.\n      Not tainted 6.1.0 #1\ntask:kworker/u4:1 state:D\nCall Trace:\n <TASK>\n __schedule+0x1/0x2\n ? bogus+0x1/0x2\n rwsem_down_write_slowpath+0x1/0x2\n down_write+0x1/0x2\n xfs_ilock+0x1/0x2 [xfs]\n"},
	{Warning, "WARNING: possible circular locking dependency detected", "WARNING: possible circular locking dependency detected\n"},
	{Warning, "WARNING in xfs_trans_alloc", "WARNING: CPU: 1 PID: 77 at fs/xfs/xfs_trans.c:263 xfs_trans_alloc+0x1/0x2 [xfs]\n"},
	{Warning, "WARNING in btrfs_release_disk_super", "WARNING: fs/btrfs/volumes.c:1 at btrfs_release_disk_super+0x1/0x2, CPU#1: mount/9\n"},
	{Warning, "sleeping function called from invalid context in iomap_apply",
		"BUG: sleeping function called from invalid context at mm/page_alloc.c:1\nCall Trace:\n dump_stack+0x1/0x2\n ___might_sleep.cold+0x1/0x2\n iomap_apply+0x1/0x2\n"},
	{Oops, "kernel BUG in fs/ext4/inode.c", "kernel BUG at fs/ext4/inode.c:2721!\n"},
	{Oops, "page fault in xas_load", "BUG: unable to handle page fault for address: ffffdead00000008\n#PF: supervisor read access in kernel mode\nOops: 0000 [#1] PREEMPT SMP NOPTI\nRIP: 0010:xas_load+0x8/0x50\n---[ end trace 0000000000000000 ]---\n"},
	{Oops, "stack overflow in recurse", "BUG: TASK stack guard page was hit at ffffc90000600000 (stack is ffffc90000601000..ffffc90000604000)\nOops: stack guard page: 0000 [#1] SMP\nRIP: 0010:recurse+0x1/0x2\n"},
	{Oops, "stack segment in foo", "stack segment: 0000 [#1] SMP\nRIP: 0010:foo+0x1/0x2\n"},
	{Oops, "bad page state in free_unref_page", "BUG: Bad page state in process splice.test  pfn:12345\npage: refcount:0\nCall Trace:\n <TASK>\n dump_stack_lvl+0x1/0x2\n bad_page.cold+0x1/0x2\n free_unref_page+0x1/0x2\n"},
	{Oops, "bad rss-counter state", "BUG: Bad rss-counter state mm:00000000deadbeef type:MM_ANONPAGES val:1\n"},
	{Oops, "BUG: something new about ADDR and N", "BUG: something new about 0xdeadbeef and 42\n"},
	{OOM, "Memory cgroup out of memory: killed go (x) y", "Memory cgroup out of memory: Killed process 12 (go (x) y) total-vm:1kB\n"},
	{FSError, "XFS: Corruption of in-memory data detected in xfs_defer_finish_noroll", "XFS (vda): Corruption of in-memory data (0x8) detected at xfs_defer_finish_noroll+0x1/0x2 [xfs] (fs/xfs/libxfs/xfs_defer.c:573).  Shutting down filesystem.\n"},
	{FSError, "XFS: Metadata corruption detected in xfs_agf_verify", "XFS (vda): Metadata corruption detected at xfs_agf_verify+0x1/0x2 [xfs], xfs_agf block 0x1 \n"},
	{FSError, "XFS: Filesystem has been shut down due to log error", "XFS (vda): Filesystem has been shut down due to log error (0x2).\n"},
	{FSError, "BTRFS: btrfs_commit_transaction: errno=-5", "BTRFS: error (device vda state A) in btrfs_commit_transaction:2503: errno=-5 IO failure (Error while writing out transaction)\n"},
	{FSError, "BTRFS: bdev /dev/vda errs: wr N, rd N, flush N, corrupt N, gen N", "BTRFS error (device vda): bdev /dev/vda errs: wr 0, rd 1, flush 0, corrupt 0, gen 0\n"},
	{FSError, "exFAT: invalid access to FAT (entry ADDR)", "exFAT-fs (vda): error, invalid access to FAT (entry 0x00000000)\n"},
	{Panic, "panic: stack-protector: Kernel stack is corrupted in: do_splice", "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: do_splice+0x1/0x2\n"},
	{Panic, "panic: Fatal exception", "r13: 0\n---[ end Kernel panic - not syncing: Fatal exception ]---\n"},
	{NoRoot, "no working init", "Kernel panic - not syncing: No working init found.  Try passing init= option to kernel.\n"},
	{InitDied, "Attempted to kill init!", "Kernel panic - not syncing: Attempted to kill init!\n"},
	{Sanitizer, "KMSAN: uninit-value in f", "BUG: KMSAN: uninit-value\nRIP: 0010:f+0x1/0x2\n"},
	{Sanitizer, "KASAN: invalid-access Read in bond_ipsec_del_sa", "BUG: KASAN: invalid-access in bond_ipsec_del_sa+0x4/0x70\nRead at addr f5ff000012345678 by task x/1\n"},
	{Sanitizer, "KCSAN: data-race in e1000_clean_rx_irq", " BUG: KCSAN: data-race in e1000_clean_rx_irq+0x551/0xb10\n"},
	{Oops, "bad page map in f", "BUG: Bad page map in process x  pte:1 pmd:2\nCall Trace:\n dump_stack+0x1/0x2\n print_bad_pte+0x1/0x2\n f+0x1/0x2\n"},
	{Sanitizer, "KASAN: slab-out-of-bounds Read in xas_start", "BUG: KASAN: slab-out-of-bounds in xas_start.part.0+0x4/0x70\nRead of size 8 at addr ffff888012345678 by task x/1\nCall Trace:\n dump_stack_lvl+0x1/0x2\n xas_load+0x1/0x2\n"},
	{Oops, "BUG: something new in f", "BUG: something new\nRIP: 0010:f+0x1/0x2\n"},
	{Oops, "double fault in f", "PANIC: double fault\nRIP: 0010:f+0x1/0x2\n"},
	{Oops, "divide error in tabledist", "divide_error: 0000 [#1] PREEMPT SMP KASAN\nRIP: 0010:tabledist.part.0+0x22a/0x2a0\n"},
	{Oops, "general protection fault in f", "segment-related general protection fault: beec [#2] PREEMPT SMP KASAN PTI\nRIP: 0010:f+0x1b/0x60\n"},
}
