package console

import "strings"

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
