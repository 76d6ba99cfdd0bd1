package console

import (
	"regexp"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
)

var (
	offset    = regexp.MustCompile(`([A-Za-z_][\w.]*)\+0x[0-9a-f]+(?:/0x[0-9a-f]+)?(?: ?\[\w+\])?`)
	suffix    = regexp.MustCompile(`(?:\.(?:constprop|isra|part|cold|llvm|lto_priv)(?:\.\d+)?)+$`)
	taskID    = regexp.MustCompile(`(\[?[\w./-]+):\d+\]`)
	hexNumber = regexp.MustCompile(`\b0x[0-9a-fA-F]+\b|\b[0-9a-f]{8,16}\b`)
	uuid      = regexp.MustCompile(`\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`)
	number    = regexp.MustCompile(`\b\d+\b`)
	device    = regexp.MustCompile(`\(device [^()]*\)`)
	spaces    = regexp.MustCompile(`\s+`)
)

// normalise removes from a message what differs between two occurrences.
func normalise(s string) string {
	s = offset.ReplaceAllStringFunc(s, func(m string) string {
		return symbol(m[:strings.Index(m, "+0x")])
	})
	s = device.ReplaceAllString(s, "(device)")
	s = uuid.ReplaceAllString(s, "UUID")
	s = taskID.ReplaceAllString(s, "$1]")
	s = hexNumber.ReplaceAllString(s, "ADDR")
	s = number.ReplaceAllString(s, "N")
	return strings.TrimSpace(spaces.ReplaceAllString(s, " "))
}

// symbol is a function's name without the suffixes that the compiler adds to
// clones: they vary between builds.
func symbol(name string) string { return suffix.ReplaceAllString(name, "") }

// boundTitle makes a title safe to show, one line, and not too long.
func boundTitle(s string) string {
	return sanitize.Short(strings.TrimRight(s, " :,."), maxTitleBytes)
}

// waits are functions that a blocked or dying task is in whatever the cause:
// the caller is what distinguishes faults. Each architecture adds its own.
var waits = regexp.MustCompile(`^(?:` + strings.Join(append(archHelpers(),
	// How the kernel reports.
	`dump_stack\w*`, `show_stack\w*`, `v?panic`, `nmi_panic`, `print_\w+`, `kasan_\w+`, `__asan_\w+`, `__hwasan_\w+`, `__sanitizer_cov_\w+`, `kfence_\w+`, `ubsan_\w+`, `__ubsan_\w+`,
	`__warn\w*`, `warn_slowpath\w*`, `report_bug`, `handle_bug`, `die\w*`, `oops_\w+`, `__die\w*`,
	`__might_\w+`, `___might_sleep`, `bad_page`, `spin_dump`, `spin_bug`, `do_raw_spin_lock`, `_raw_spin_\w+`,
	`_?sched_show_task\w*`, `rcu_\w+`, `nmi_\w+`, `watchdog_\w+`, `check_panic_on_warn`, `debug_locks_off`, `lockdep_\w+`, `check_\w+`, `__lock_acquire`, `lock_acquire`, `mark_lock\w*`, `register_lock_class`, `(?:__)?lock_release`, `debug_check_no_locks\w*`,
	// How interrupts are entered.
	`hrtimer_\w+`, `__hrtimer_\w+`, `update_process_times`, `tick_\w+`, `irq_\w+`, `__irq_\w+`, `irqentry_\w+`, `handle_softirqs`, `__do_softirq`, `do_softirq`,
	// How tasks wait.
	`__schedule\w*`, `schedule\w*`, `msleep\w*`, `preempt_schedule\w*`, `io_schedule\w*`, `__cond_resched`, `_cond_resched`, `wait_\w+`, `__wait_\w+`, `do_wait\w*`, `bit_wait\w*`, `out_of_line_wait\w*`,
	`rwsem_\w+`, `percpu_rwsem_\w+`, `__percpu_\w+`, `percpu_down_\w+`, `down_\w+`, `__down_\w+`, `down`, `__down`, `mutex_lock\w*`, `__mutex_\w+`, `rt_mutex_\w+`, `__rt_mutex\w*`, `folio_wait_\w+`, `__folio_lock\w*`, `folio_lock\w*`, `__lock_page\w*`, `lock_page\w*`, `wait_for_\w+`, `__wait_for_\w+`,
	`dump_page`, `__dump_page`,
	// How kernel threads start.
	`kthread`, `ret_from_fork\w*`,
), "|") + `)$`)

// machinery reports whether a function is part of reporting or waiting.
func machinery(name string) bool { return waits.MatchString(name) }

// first returns the first function of a call trace that is to blame.
func first(trace []string) string {
	for _, name := range trace {
		if name = symbol(name); name != "" && !machinery(name) {
			return name
		}
	}
	return ""
}
