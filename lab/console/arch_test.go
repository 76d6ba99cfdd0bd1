package console

import "testing"

// Messages of arm64, arm and riscv that a boot does not show on demand.
var archFormats = []format{
	// Named by the second line, because the first says no more than the address.
	{Oops, "synchronous external abort in __raw_readb",
		"Unhandled fault at 0xffff80001f0a1004\nInternal error: synchronous external abort: 0000000096000010 [#1] SMP\npstate: 60400005 (nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)\npc : __raw_readb+0x18/0x2c\nlr : ns558_init+0x40/0x1b0\nCall trace:\n __raw_readb+0x18/0x2c\n ns558_init+0x40/0x1b0\n"},
	{Oops, "FPAC in do_splice", "Internal error: Oops - FPAC: 0000000072000000 [#1] SMP\npc : do_splice+0x1c0/0x7b0\n"},
	{Oops, "Oops in do_splice", "Internal error: Oops: 0000000096000047 [#1] SMP\npc : do_splice+0x1c0/0x7b0\n"},
	{Oops, "kernel BUG in do_splice", "Internal error: Oops - BUG: 00000000f2000800 [#1] SMP\npc : do_splice+0x1c0/0x7b0\n"},
	{Oops, "bad mode in do_splice",
		"Bad mode in Error handler detected on CPU0, code 0xbf000000 -- SError\nInternal error: Oops - bad mode: 0 [#1] SMP\npc : do_splice+0x1c0/0x7b0\n"},
	{Oops, "bad mode in do_splice", "Bad mode in Synchronous Abort handler detected on CPU0, code 0x86000004 -- IABT (current EL)\npc : do_splice+0x1c0/0x7b0\n"},
	{Oops, "unhandled exception in do_splice",
		"Unhandled 64-bit el1h sync exception on CPU0, ESR 0x0000000002000000 -- Unknown/Uncategorized\npc : do_splice+0x1c0/0x7b0\n"},
	{Oops, "SError", "SError Interrupt on CPU1, code 0x00000000be000011 -- SError\npc : cpu_do_idle+0x8/0xc\nlr : arch_cpu_idle+0x18/0x30\n"},
	// The caller of a function that is none is in no frame.
	{Oops, "NULL pointer dereference in gsmld_receive_buf",
		"Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000\nInternal error: Oops: 0000000086000004 [#1] SMP\npc : 0x0\nlr : gsmld_receive_buf+0xc0/0x15c\nCall trace:\n 0x0 (P)\n tty_ldisc_receive_buf+0x54/0x78\n"},
	// The first line is lost in a burst of messages.
	{Oops, "NULL pointer dereference in f", "Unable to handle kernel NULL pointer dereference\npc : f+0x0/0x8\n"},
	// Without a frame the return address is all there is.
	{Oops, "page fault in caller", "Unable to handle kernel paging request at virtual address dead000000000108\npc : _raw_spin_lock+0x14/0x48\nlr : caller+0x44/0x150\n"},
	// arm: no symbol beside "pc : ", frames with "from".
	{Oops, "alignment exception in dup_fd",
		"8<--- cut here ---\nUnhandled fault: alignment exception (0x001) at 0x000008ad\nInternal error: : 1 [#1] SMP ARM\nPC is at dup_fd+0x154/0x39c\nLR is at dup_fd+0x148/0x39c\npc : [<8028bd5c>]    lr : [<8028bd50>]    psr: 20030013\n"},
	{Oops, "Oops in skb_put", "Internal error: : 1b [#1] PREEMPT SMP ARM\nPC is at 0x80b0f484\nLR is at 0x0\nBacktrace:\n skb_put from netlink_ack+0x1c/0x30\n"},
	{Oops, "page fault in do_futex",
		"Unable to handle kernel paging request at virtual address 80b0f484\nInternal error: Oops: 8000000d [#1] SMP ARM\nPC is at 0x80b0f484\nLR is at do_futex+0x158/0xf14\nBacktrace:\n[<801a7010>] (other) from [<801a9eb8>] (sys_futex+0x104/0x190)\n"},

	{Oops, "stack overflow in qce_ahash_update",
		"Insufficient stack space to handle exception!\nESR: 0x0000000096000047 -- DABT (current EL)\nFAR: 0xffff800084927fe0\nTask stack:     [0xffff800084928000..0xffff80008492c000]\nIRQ stack:      [0xffff800080030000..0xffff800080034000]\nOverflow stack: [0xffff000a72dd2100..0xffff000a72dd3100]\npc : qce_ahash_update+0x4/0x1f4\nlr : ahash_do_req_chain+0xb4/0x19c\n"},
	{Oops, "stack overflow in fib6_table_lookup",
		"Insufficient stack space to handle exception!\nTask stack:     [0xec56c000..0xec56e000]\nInternal error: kernel stack overflow: 0 [#1] PREEMPT SMP ARM\nPC is at fib6_table_lookup+0x4/0x354 net/ipv6/route.c:2188\nLR is at ip6_pol_route+0x90/0x4fc net/ipv6/route.c:2231\n"},
	{Lockup, "soft lockup in do_splice",
		"watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [init:90]\npstate: 61400005 (nZCv daif +PAN -UAO -TCO +DIT -SSBS BTYPE=--)\npc : do_splice+0x1c0/0x7b0\nlr : __arm64_sys_splice+0x2fc/0x368\nCall trace:\n do_splice+0x1c0/0x7b0 (P)\n"},
	{Lockup, "soft lockup in cpu_stopper_thread",
		"watchdog: BUG: soft lockup - CPU#71 stuck for 22s! [migration/71:447]\nepc : rcu_momentary_dyntick_idle+0x3a/0x80\n ra : multi_cpu_stop+0x13c/0x19a\nstatus: 0000000200000120 badaddr: 0000000000000000 cause: 8000000000000001\n[<ffffffff8009ab24>] rcu_momentary_dyntick_idle+0x3a/0x80\n[<ffffffff800eee3a>] cpu_stopper_thread+0xfc/0x182\n"},
	{HungTask, "task hung in xfs_ilock",
		"INFO: task kworker/u4:1:42 blocked for more than 120 seconds.\nCall trace:\n __switch_to+0xe0/0x108 (T)\n __schedule+0x3a0/0x9e8\n schedule+0x34/0xd8\n rwsem_down_write_slowpath+0x2d8/0x6d0\n down_write+0x6c/0x78\n xfs_ilock+0xf8/0x148 [xfs]\n"},
	// Names that no rule knows, and those of other architectures.
	{Oops, "unhandled #VC in f", "unhandled #VC: 0000 [#1] SMP\nRIP: 0010:f+0x1/0x2\n"},
	{Oops, "illegal operation", "illegal operation: 0001 ilc:1 [#1] SMP\n"},
	{Oops, "Oops", "Oops: Kernel access of bad area, sig: 11 [#1]\n"},
	{Oops, "Oops", "Oops[#1]:\n"},
	{Oops, "new kind of trap in f", "new kind of trap [#2]\nepc : f+0x0/0x8\n"},

	{Oops, "kernel BUG in f", "kernel BUG at fs/open.c:1513!\nKernel BUG [#1]\nepc : f+0x0/0x8\n"},
	{Oops, "load access fault in f", "Oops - load access fault [#1]\nepc : f+0x0/0x8\n ra : g+0x1/0x8\n"},
	{Oops, "Oops in f", "Oops [#1]\nepc : f+0x0/0x8\n"},
	{Oops, "page fault in f", "Unable to handle kernel access to user memory without uaccess routines at virtual address 0000003fb1f2a000\nOops [#1]\nepc : f+0x0/0x8\n"},
	// Before 5.12 the register dump names no function.
	{Oops, "page fault in vring_interrupt",
		"Unable to handle kernel paging request at virtual address ffffffdf00000000\nOops [#1]\nepc: ffffffe00052ee1a ra : ffffffe00052ee10 sp : ffffffe01c607d50\nstatus: 0000000000000120 badaddr: ffffffdf00000000 cause: 000000000000000d\n[<ffffffe00052ee1a>] vring_interrupt+0x2a/0x9c\n"},
}

// What every report has in common is skipped: the first function is the one
// that distinguishes it. The traces are those of real kernels, shortened.
func TestFirst(t *testing.T) {
	for _, c := range []struct {
		want  string
		trace []string
	}{
		{"free_unref_page", []string{"dump_backtrace", "show_stack", "dump_stack_lvl", "dump_stack", "bad_page", "free_unref_page"}},
		{"free_unref_page", []string{"dump_backtrace.part.0", "show_stack", "free_unref_page"}},
		{"xfs_ilock", []string{"__switch_to", "__schedule", "schedule", "schedule_preempt_disabled", "rwsem_down_write_slowpath", "down_write", "xfs_ilock"}},
		{"do_splice", []string{"el1h_64_irq_handler", "el1h_64_irq", "do_splice"}},
		{"do_splice", []string{"el1_interrupt", "__el1_irq", "gic_handle_irq", "do_interrupt_handler", "call_on_irq_stack", "do_splice"}},
		{"do_splice", []string{"arch_timer_handler_virt", "handle_percpu_devid_irq", "generic_handle_domain_irq", "do_splice"}},
		{"do_splice", []string{"die", "die_kernel_fault", "__do_kernel_fault", "do_page_fault", "do_translation_fault", "do_mem_abort", "el1_abort", "el1h_64_sync_handler", "el1h_64_sync", "do_splice"}},
		{"do_splice", []string{"do_el1_brk64", "el1_brk64", "do_splice"}},
		{"fpsimd_context", []string{"dump_stack", "print_unlock_imbalance_bug", "lock_release", "fpsimd_context"}},
		{"do_exit", []string{"show_stack", "debug_check_no_locks_held", "do_exit"}},
		{"vgic_get_irq", []string{"__hwasan_check_x0_67043363", "vgic_get_irq"}},
		{"dup_fd", []string{"__sanitizer_cov_trace_pc", "dup_fd"}},
		{"dup_fd", []string{"unwind_backtrace", "show_stack", "__dabt_svc", "dup_fd"}},
		{"do_splice", []string{"dump_backtrace", "show_stack", "walk_stackframe", "die_kernel_fault", "no_context", "handle_page_fault", "do_page_fault", "handle_exception", "do_splice"}},
		{"do_splice", []string{"riscv_timer_interrupt", "handle_percpu_devid_irq", "generic_handle_domain_irq", "riscv_intc_irq", "handle_riscv_irq", "do_irq", "ret_from_exception", "do_splice"}},
		{"f", []string{"panic", "nmi_panic", "arm64_serror_panic", "do_serror", "el1h_64_error_handler", "el1h_64_error", "f"}},
		{"f", []string{"panic", "nmi_panic", "panic_bad_stack", "handle_bad_stack", "__bad_stack", "f"}},
		{"f", []string{"panic", "panic_unhandled", "el1h_64_sync", "f"}},
		{"f", []string{"die", "bad_mode", "f"}},
		{"f", []string{"die", "bug_handler", "call_break_hook", "brk_handler", "do_debug_exception", "el1_dbg", "f"}},
		{"f", []string{"die", "arm64_notify_die", "do_sea", "do_mem_abort", "f"}},
		{"f", []string{"die", "do_undefinstr", "__und_svc", "f"}},
		{"f", []string{"do_DataAbort", "__dabt_svc", "f"}},
		{"f", []string{"do_PrefetchAbort", "__pabt_svc", "f"}},
		{"f", []string{"____do_softirq", "call_on_irq_stack", "do_softirq_own_stack", "f"}},
		{"f", []string{"handle_irq_desc", "__handle_domain_irq", "__gic_handle_irq_from_irqson", "__irq_svc", "f"}},
		{"f", []string{"die", "handle_break", "do_trap_break", "handle_exception", "f"}},
		{"", []string{"kthread", "ret_from_fork"}},
	} {
		if got := first(c.trace); got != c.want {
			t.Errorf("%q gives %q, want %q", c.trace, got, c.want)
		}
	}
}

// A register that merely contains an address of code is no frame, and neither
// is what is printed long after the event.
func TestRegistersAreNoFrames(t *testing.T) {
	e := one(t, "Oops [#1]\nepc : 0x0\n ra : 0x0\n gp : ffffffff822cacc0 tp : ffffaf800384e180 t0 : ffffffff80021730\nstatus: 0000000200000120 badaddr: 0000000000000000 cause: 000000000000000c\n[<ffffffff804a119c>] __riscv_sys_splice+0x21c/0x240\n")
	if e.Title != "Oops in __riscv_sys_splice" {
		t.Error(e.Title)
	}
	log := "Internal error: Oops: 96000004 [#1] SMP\n"
	for range maxBlockLines {
		log += "something else\n"
	}
	if e := one(t, log+"pc : unrelated+0x1/0x2\n"); e.Title != "Oops" {
		t.Error(e.Title)
	}
}
