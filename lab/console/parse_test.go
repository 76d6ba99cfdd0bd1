package console

import (
	"os"
	"path/filepath"
	"testing"
	"unicode"
	"unicode/utf8"
)

// one returns the only event of a log given line by line.
func one(t *testing.T, log string) Event {
	t.Helper()
	events := Parse([]byte(log))
	if len(events) != 1 {
		t.Fatalf("%d events in\n%s\n%+v", len(events), log, events)
	}
	return events[0]
}

func TestFatal(t *testing.T) {
	for _, c := range []struct{ name, log, want string }{
		{"nothing", "all is well\n", ""},
		{"a warning", "WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n", ""},
		{"panic_on_warn", "WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\nKernel panic - not syncing: kernel: panic_on_warn set ...\n", "WARNING in f"},
		{"an unrelated panic after a warning", "WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\nKernel panic - not syncing: other\n", "panic: other"},
		{"softlockup_panic", "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [x:1]\nRIP: 0010:f+0x1/0x2\nKernel panic - not syncing: softlockup: hung tasks\n", "soft lockup in f"},
		{"hung_task_panic", "INFO: task x:1 blocked for more than 9 seconds.\nKernel panic - not syncing: hung_task: blocked tasks\n", "task hung"},
		{"an oops takes precedence over its consequences", "kernel BUG at a.c:1!\nKernel panic - not syncing: Fatal exception\n", "kernel BUG in a.c"},
		{"an oops in PID 1", "kernel BUG at a.c:1!\nKernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b\n", "kernel BUG in a.c"},
		{"death of PID 1 alone", "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000200\n", ""},
		{"undefined behaviour", "UBSAN: shift-out-of-bounds in a.c:1:2\n", ""},
		{"a free page that was modified", "pagealloc: single bit error\n", "pagealloc: single bit error"},
		{"a leak", "BUG xfs_inode (Not tainted): Objects remaining on __kmem_cache_shutdown()\n", ""},
		{"memory misuse", "BUG: KASAN: double-free in kfree+0x1/0x2\n", "KASAN: double-free in kfree"},
	} {
		e, ok := Fatal(Parse([]byte(c.log)))
		if ok != (c.want != "") || e.Title != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, e.Title, ok, c.want)
		}
	}
}

// Text that the kernel did not print is not mistaken for its messages.
func TestUserSpaceOutput(t *testing.T) {
	const stamped = "[    1.000000] Run /init as init process\n"
	for _, log := range []string{
		stamped + "Kernel panic - not syncing: a program says so\n",
		stamped + "kernel BUG at a.c:1!\n",
		stamped + "[    2.000000] splicelab: the test quotes: kernel BUG at a.c:1!\n",
		stamped + "\x1b[31mBUG: unable to handle page fault\x1b[0m\n",
		stamped + "[    2.000000] EXT4-fs (vda): mounted filesystem with ordered data mode. Opts: errors=panic\n",
		stamped + "[    2.000000] Kernel command line: oops=panic panic=-1 panic_on_warn\n",
	} {
		if events := Parse([]byte(log)); len(events) > 0 {
			t.Errorf("%q gives %+v", log, events)
		}
	}
}

// The kernel's messages are found no matter what they are mixed with.
func TestMixed(t *testing.T) {
	for _, log := range []string{
		"[    1.000000] a\nhalf a line of a program[    2.000000] kernel BUG at a.c:1!\n",
		"[    1.000000] a\n\x1bc\x1b[?7l\x1b[0m[    2.000000] kernel BUG at a.c:1!\n",
		"\xff\xfe[    1.000000] a\n\x00\x00[    2.000000] kernel BUG at a.c:1!",
		"[    1.000000] a\r\r\n[    2.000000] kernel BUG at a.c:1!\r\r\n",
	} {
		if e := one(t, log); e.Title != "kernel BUG in a.c" || e.Line != 2 {
			t.Errorf("%q: %+v", log, e)
		}
	}
	e := one(t, "[    1.000000] kernel BUG at a.c:1!\n[    1.000000] <script>\x1b]0;x\a\xff\u202e\n")
	if got := e.Excerpt[1]; got != `<script>\x1b]0;x\x07`+"\ufffd"+`\u202e` {
		t.Errorf("excerpt %q is not clean", got)
	}
}

// A gap where output was dropped separates what precedes it from what follows.
func TestGap(t *testing.T) {
	e := one(t, "[    1.000000] kernel BUG at a.c:1!\n[splicelab: 12345 bytes of output dropped here]\n[    9.000000] RIP: 0010:unrelated+0x1/0x2\n")
	if e.Title != "kernel BUG in a.c" {
		t.Errorf("title %q", e.Title)
	}
}

func inBounds(t *testing.T, e Event) {
	t.Helper()
	if e.Title == "" || len(e.Title) > maxTitleBytes || len(e.Excerpt) == 0 || len(e.Excerpt) > maxExcerptLines || e.Line < 1 {
		t.Errorf("event out of bounds: %+v", e)
	}
	safe(t, e.Title)
	for _, l := range e.Excerpt {
		safe(t, l)
		if len(l) > maxLineBytes {
			t.Errorf("excerpt line of %d bytes", len(l))
		}
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*-5.10.log")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte("<4>[    1.000000][ T1] WARNING: CPU: 0 PID: 1 at \xff"))
	f.Fuzz(func(t *testing.T, log []byte) {
		events := Parse(log)
		if len(events) > 10*maxPerKind {
			t.Fatalf("%d events", len(events))
		}
		last := 0
		for _, e := range events {
			inBounds(t, e)
			if e.Line < last {
				t.Errorf("line %d after %d", e.Line, last)
			}
			last = e.Line
		}
		Fatal(events)
	})
}

// A console's worth of ordinary log must not delay a verdict.
func BenchmarkParse(b *testing.B) {
	raw, err := os.ReadFile("testdata/quiet-7.3.log")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		Parse(raw)
	}
}

// safe fails unless s is one line of printable text.
func safe(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Fatalf("%q is not UTF-8", s)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			t.Fatalf("%q contains %U", s, r)
		}
	}
}

// An oops is the second half of the event before it only once.
func TestTwoOopses(t *testing.T) {
	for _, log := range []string{
		"Internal error: Oops - undefined instruction: 0 [#1] SMP\npc : f+0x0/0x8\nInternal error: Oops: 96000004 [#2] SMP\npc : g+0x0/0x8\n",
		"Unable to handle kernel paging request at virtual address dead000000000108\nOops [#1]\nepc : f+0x0/0x8\nOops [#2]\nepc : g+0x0/0x8\n",
		"BUG: kernel NULL pointer dereference, address: 0\nOops: 0000 [#1] SMP\nRIP: 0010:f+0x0/0x8\nOops: 0002 [#2] SMP\nRIP: 0010:g+0x0/0x8\n",
	} {
		events := Parse([]byte(log))
		if len(events) != 2 || events[1].Title != "Oops in g" {
			t.Errorf("%s\n%+v", log, events)
		}
	}
}
