package console

import "regexp"

// riscv names an exception before "[#1]", and prints the frames of a register
// dump without a headline.
var riscv = arch{
	rules: []rule{
		// Also an EBREAK of nobody, which has no line before it.
		{kind: Oops, pattern: re(`Kernel BUG \[#\d+\]`), title: "kernel BUG", where: atPC, die: true},
		{kind: Oops, pattern: re(`Oops - (.+?) \[#\d+\]`), title: "$1", where: atPC},
	},
	pc:    regexp.MustCompile(`^epc ?: (?:([A-Za-z_][\w.]*)\+)?0x`),
	lr:    regexp.MustCompile(`^ ra ?: (?:([A-Za-z_][\w.]*)\+)?0x`),
	marks: []string{"epc", " ra "},
	trace: []string{"Call Trace:", "status: 0"},
	helpers: []string{
		`dump_backtrace\w*`, `walk_stackframe`, `__switch_to`, `handle_exception`, `ret_from_exception`, `do_trap_\w+`, `do_page_fault`, `handle_page_fault`, `die_kernel_fault`, `handle_bad_stack`, `handle_break`,
		`do_irq`, `handle_riscv_irq`, `riscv_intc_irq`, `riscv_timer_interrupt`, `call_on_irq_stack`, `generic_handle_\w*irq\w*`, `handle_percpu_devid_irq`,
	},
}
