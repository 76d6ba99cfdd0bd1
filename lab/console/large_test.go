// Parsing megabytes of logs takes a minute with the race detector, which has
// nothing to find in it.

//go:build !race

package console

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A flood yields few and short events, and does not hide the crash.
func TestFlood(t *testing.T) {
	var log strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&log, "[    1.000000] WARNING: CPU: 0 PID: %d at a.c:1 f%d+0x1/0x2\n[    1.000000] %s\n", i, i%1000, strings.Repeat("x", 500))
	}
	for range 1000 {
		log.WriteString("[    2.000000] kernel BUG at a.c:1!\n")
	}
	log.WriteString("[    3.000000] Kernel panic - not syncing: " + strings.Repeat("long ", 10000))
	events := Parse([]byte(log.String()))
	count := make(map[Kind]int)
	for _, e := range events {
		count[e.Kind]++
		inBounds(t, e)
	}
	if count[Warning] != maxPerKind || count[Oops] != maxPerTitle || count[Panic] != 1 {
		t.Errorf("counts %v", count)
	}
	if e, ok := Fatal(events); !ok || e.Title != "kernel BUG in a.c" {
		t.Errorf("fatal %+v", e)
	}
}

// However a log is truncated, complete events are found: a crash is a crash as
// soon as its first line is complete, and no truncation adds one.
func TestTruncatedLogs(t *testing.T) {
	files, err := filepath.Glob("testdata/*-7.[23].log")
	if err != nil || len(files) == 0 {
		t.Fatal("no logs", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, log, _ := strings.Cut(string(raw), "\n\n")
		whole := Parse([]byte(log))
		fatal, crashed := Fatal(whole)
		lines := strings.SplitAfter(log, "\n")
		for i, step := 0, 7+len(log)/200; i <= len(log); i += step {
			head := Parse([]byte(log[:i]))
			_, ok := Fatal(head)
			if ok && !crashed {
				t.Fatalf("%s cut at byte %d crashed", file, i)
			}
			if crashed && !ok && i >= len(strings.Join(lines[:min(fatal.Line+2, len(lines))], "")) {
				t.Fatalf("%s cut at byte %d did not crash", file, i)
			}
			if _, ok := Fatal(Parse([]byte(log[i:]))); ok && !crashed {
				t.Fatalf("%s from byte %d crashed", file, i)
			}
		}
	}
}
