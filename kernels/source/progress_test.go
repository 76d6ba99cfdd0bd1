package source

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestObjects(t *testing.T) {
	p := prepared(t, Build{Name: "a"})
	p.obj = t.TempDir()
	for _, c := range []struct {
		what, config   string
		expected, done int
	}{
		{"nothing is known", "one", 0, 2000},
		{"the first change of the source", "one", 0, 20},
		{"counts like the previous one", "one", 20, 30},
		{"", "one", 30, 0},
		{"", "one", 0, 5},
		{"another configuration compiles most of it", "two", 2000, 1500},
		{"a make that continued a killed one is not the total", "three", 2000, 2100},
		{"", "one", 2100, 2000},
	} {
		known := p.counted()
		if got := known.expected(c.config); got != c.expected {
			t.Errorf("%s: %d objects expected, want %d", c.what, got, c.expected)
		}
		p.writeCounted(known.then(c.config, c.done))
	}
	write(t, p.obj+"/.objects", "x\x00 -")
	if got := p.counted(); got.expected("one") != 0 {
		t.Errorf("from a corrupt file: %+v", got)
	}
}

func TestFollow(t *testing.T) {
	p := prepared(t, Build{Name: "a"})
	var steps []Step
	p.builder.OnStep = func(s Step) { steps = append(steps, s) }
	out := "  GEN     Makefile\n  CC      fs/splice.o\n  CC [M]  fs/xfs/xfs_file.o\nfs/splice.c:1: warning: CC\n  AS      arch/x86/entry.o\n  LD      vmlinux\n" +
		strings.Repeat("y", 2<<20) + "\n  CC      lost.o\n"
	log := new(bytes.Buffer)
	done, end := p.follow(strings.NewReader(out), log, 7)
	want := []Step{{"compiling fs/splice.o", 1, 7}, {"compiling fs/xfs/xfs_file.o", 2, 7}, {"compiling arch/x86/entry.o", 3, 7}}
	if diff := cmp.Diff(want, steps); diff != "" || done != 3 {
		t.Errorf("%d done, %s", done, diff)
	}
	if !strings.HasSuffix(end, "vmlinux") || !strings.HasPrefix(end, "  GEN") || !strings.Contains(log.String(), "warning: CC") {
		t.Errorf("the end is %q", end)
	}
}
