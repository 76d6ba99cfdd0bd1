package console

import "regexp"

// x86 prints the name of the trap and the number of the oops in one line, up to
// 6.9 without "Oops: " before the name. Page faults have a line before it.
var x86 = arch{
	rules: []rule{
		{kind: Oops, pattern: re(`BUG: (?:kernel NULL pointer dereference|unable to handle kernel NULL pointer dereference)`), title: "NULL pointer dereference", where: atPC},
		{kind: Oops, pattern: re(`BUG: unable to handle (?:kernel )?(page fault|paging request)`), title: "page fault", where: atPC},
		{kind: Oops, pattern: re(`(?:traps: )?PANIC: (double fault)`), title: "$1", where: atPC},
		{kind: Oops, pattern: re(`(?:Oops: )?(?:segment-related )?(general protection fault|invalid opcode|divide error|stack segment|double fault|int3|bounds|alignment check|invalid TSS|segment not present|coprocessor segment overrun|control protection|Bad pagetable|SIMD exception|x87 FPU exception|spurious interrupt bug|machine check|debug)(?:,.*|: .*|maybe .*)?: [0-9a-f]{4} \[#\d+\]`), title: "$1", where: atPC, die: true},
		// In 5.8 to 5.10.
		{kind: Oops, pattern: re(`divide_error: [0-9a-f]{4} \[#\d+\]`), title: "divide error", where: atPC},
	},
	pc:    regexp.MustCompile(`^(?:[A-Z]{3,4}: \S+ )?RIP: (?:[0-9a-f]{4}:)?(?:\[<[0-9a-f]+>\] )?([A-Za-z_][\w.]*)\+0x`),
	marks: []string{"RIP: "},
	trace: []string{"Call Trace:"},
	helpers: []string{
		`exc_\w+`, `asm_\w+`, `do_error_trap`, `do_trap`, `fixup_exception`, `no_context`, `page_fault_oops`, `bad_area\w*`,
		`sysvec_\w+`, `__sysvec_\w+`, `smp_apic_timer_interrupt`, `apic_timer_interrupt`, `common_interrupt`,
	},
}
