// Package console parses kernel logs: it finds events, each with a title that
// is the same for every occurrence of a fault and an excerpt for people. It
// also makes guest text safe to show. It works on bytes only and must not know
// where they came from, what a VM is, or what verdict follows from an event.
//
// rules.go and filesystems.go have the table of what is recognised; x86.go,
// arm.go and riscv.go what those architectures print differently.
//
// A log is not proof. A guest can write anything to /dev/kmsg, and on the
// console it looks like the kernel's own messages: a Panic only counts if the
// VM terminated as well.
package console

// Kind classifies an event.
type Kind string

// The kinds of events.
const (
	// Panic is "Kernel panic - not syncing", except for InitDied and NoRoot.
	Panic Kind = "panic"
	// Oops is an exception or a failed check in kernel code: BUG, page fault,
	// general protection fault, divide error, corrupted page state, …
	Oops Kind = "oops"
	// Sanitizer is a report of KASAN, KFENCE, KMSAN, KCSAN or UBSAN.
	Sanitizer Kind = "sanitizer"
	// Warning is a WARN or a report of a debugging aid; the kernel continues.
	Warning Kind = "warning"
	// Lockup is a soft or hard lockup, an RCU stall or a workqueue lockup.
	Lockup Kind = "lockup"
	// HungTask is a task that was blocked for too long.
	HungTask Kind = "hung-task"
	// OOM is a process killed by the OOM killer.
	OOM Kind = "oom"
	// InitDied is the panic after the death of PID 1, which is the lab's agent:
	// alone never the kernel's fault.
	InitDied Kind = "init-died"
	// FSError is a filesystem that detected corruption or an I/O error, or a
	// lost write below it.
	FSError Kind = "fs-error"
	// NoRoot is the panic of a kernel that found no root or no init to run: the
	// image's fault.
	NoRoot Kind = "no-root"
)

// Event is something that a kernel reported about itself.
type Event struct {
	Kind Kind
	// Title identifies the fault without anything that differs between two
	// occurrences: no addresses, offsets, process IDs or CPU numbers. One line,
	// safe to show, at most 160 bytes.
	Title string
	// Line is where it begins in the log, counted from 1.
	Line int
	// Excerpt is the log from there on, without timestamps, safe to show: at
	// most 60 lines of at most 256 bytes.
	Excerpt []string
}

// Fatal returns the event that explains why the kernel crashed, and whether it
// did. If one event is the consequence of another, such as the panic of
// panic_on_oops, it returns the cause. Lockups, warnings and deaths that the
// kernel is not to blame for are no crashes.
func Fatal(events []Event) (Event, bool) {
	for i, e := range events {
		switch e.Kind {
		case Oops, Sanitizer:
			if e.Kind == Sanitizer && !corruption(e.Title) {
				continue
			}
			return e, true
		case Panic:
			if causes := causeOf(e.Title); len(causes) > 0 {
				for j := i - 1; j >= 0; j-- {
					for _, k := range causes {
						if events[j].Kind == k {
							return events[j], true
						}
					}
				}
			}
			return e, true
		}
	}
	return Event{}, false
}
