package console

import "regexp"

// arm is arm64 and arm: they share the line that ends the description of an
// oops, "Internal error: NAME: CODE [#1] SMP". Most names begin with "Oops - ".
// Memory faults have lines before it that say more.
var arm = arch{
	rules: []rule{
		// 5.10 writes "undefined instruction" with a small letter and names a
		// BRK of nobody after its handler.
		{kind: Oops, pattern: re(`Internal error: Oops - (?i:undefined instruction): [0-9a-f]+ \[#\d+\]`), title: "undefined instruction", where: atPC},
		{kind: Oops, pattern: re(`Internal error: (?:Oops - BRK|(?:ptrace )?BRK handler): [0-9a-f]+ \[#\d+\]`), title: "unexpected BRK", where: atPC},
		{kind: Oops, pattern: re(`Internal error: Oops - BUG: [0-9a-f]+ \[#\d+\]`), title: "kernel BUG", where: atPC, die: true},
		// A page fault whose first line is lost, and one of arm without a name.
		{kind: Oops, pattern: re(`Internal error: (?:Oops)?: [0-9a-f]+ \[#\d+\]`), title: "Oops", where: atPC, die: true},
		{kind: Oops, pattern: re(`Internal error: (?:Oops - )?(.+?)(?:: [0-9a-f]+)? \[#\d+\]`), title: "$1", where: atPC, die: true},
		// arm64's has no name in parentheses and is named by the line above.
		{kind: Oops, pattern: re(`Unhandled (?:fault|prefetch abort): ([^(]+?) \(0x[0-9a-f]+\) at `), title: "$1", where: atPC},
		{kind: Oops, pattern: re(`Bad mode in .{1,32} handler detected`), title: "bad mode", where: atPC},
		// Since 5.13, in place of "Bad mode".
		{kind: Oops, pattern: re(`Unhandled \d+-bit el1\w* \w+ exception on CPU\d+`), title: "unhandled exception", where: atPC},
		// Asynchronous: the code that was running is not to blame.
		{kind: Oops, pattern: re(`SError Interrupt on CPU\d+`), title: "SError"},
	},
	pc:    regexp.MustCompile(`^(?:pc : |PC is at )(?:\[<[0-9a-f]+>\] )?(?:([A-Za-z_][\w.]*)\+)?0x`),
	lr:    regexp.MustCompile(`^(?:lr : |LR is at )(?:\[<[0-9a-f]+>\] )?(?:([A-Za-z_][\w.]*)\+)?0x`),
	marks: []string{"pc : ", "lr : ", "PC is at ", "LR is at "},
	trace: []string{"Call trace:", "Backtrace:"},
	helpers: []string{
		`dump_backtrace\w*`, `unwind_backtrace`, `__switch_to`, `el[01]h?t?_\w+`, `__bad_stack`, `do_el[01]_\w+`, `__el1_irq`, `__dabt_svc`, `__irq_svc`, `__und_svc`, `__pabt_svc`,
		`do_mem_abort`, `do_translation_fault`, `do_page_fault`, `__do_kernel_fault`, `die_kernel_fault`, `do_sea`, `do_DataAbort`, `do_PrefetchAbort`,
		`do_serror`, `arm64_\w*notify_die`, `arm64_serror_panic`, `do_undefinstr`, `bug_handler`, `brk_handler`, `call_break_hook`, `do_debug_exception`, `bad_mode`, `panic_bad_stack`, `panic_unhandled`, `handle_bad_stack`,
		`gic_handle_irq`, `__gic_handle_irq\w*`, `do_interrupt_handler`, `call_on_irq_stack`, `____do_softirq`, `do_softirq_own_stack`, `arch_timer_handler_\w+`, `handle_percpu_devid_irq`, `(?:__)?handle_domain_irq`, `generic_handle_\w*irq\w*`, `handle_irq_\w+`,
	},
}
