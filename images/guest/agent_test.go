package main_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/protocol"
)

// TestAgent exercises the protocol on every kernel.
func TestAgent(t *testing.T) {
	all := testKernels(t)
	builder := images.Builder{Dir: t.TempDir()}
	agent := buildGuest(t, ".")
	actor := buildGuest(t, "./testdata/actor")
	for _, k := range all {
		t.Run(k.Release, func(t *testing.T) {
			image, err := builder.Initramfs(context.Background(), images.Spec{
				Kernel: k, Agent: agent, Files: map[string]string{"/actor": actor},
			})
			if err != nil {
				t.Fatal(err)
			}
			g := boot(t, k, image.Path)
			if g.hello.Version != protocol.Version || !strings.HasPrefix(g.hello.Release, strings.SplitN(k.Release, "-", 2)[0]) {
				t.Errorf("hello %+v on %s", g.hello, k.Release)
			}
			if g.hello.Memory < 256<<20 || g.hello.Memory > 512<<20 || g.hello.UptimeM <= 0 {
				t.Errorf("hello %+v with 512 MiB", g.hello)
			}
			for _, step := range []struct {
				name string
				do   func(*testing.T, *guest)
			}{
				{"exec", testExec},
				{"files", testFiles},
				{"errors", testErrors},
				{"kill", testKill},
				{"leftovers", testLeftovers},
				{"hostile", testHostile},
				{"terminal", testTerminal},
				{"clock", testClock},
			} {
				t.Run(step.name, func(t *testing.T) {
					g.t = t
					step.do(t, g)
				})
			}
			g.t = t
			g.must(protocol.Request{Ping: &protocol.Ping{}})
			g.send(protocol.Request{PowerOff: &protocol.PowerOff{}})
			for range g.lines { // closed when QEMU is gone
			}
		})
	}
}

func testExec(t *testing.T, g *guest) {
	out, exit := g.run(protocol.Exec{
		Path: "/actor", Args: []string{"tell", "a b", "é"}, Env: []string{"ACTOR=hamlet"}, Dir: "/made/for/it",
	})
	// Ignored are signals 32 and 34: see takeSignals.
	want := `args ["a b" "é"] env "hamlet" dir /made/for/it stdin 0 bytes score 0 ignored 0000000280000000` + "\n"
	if out != want || exit != (protocol.Exit{}) {
		t.Errorf("output %q, exit %+v; want %q, 0", out, exit, want)
	}
	if _, exit := g.run(protocol.Exec{Path: "/actor", Args: []string{"exit", "42"}, Dir: "/"}); exit.Code != 42 {
		t.Errorf("exit %+v, want 42", exit)
	}
	out, _ = g.run(protocol.Exec{Path: "/actor", Args: []string{"bytes"}, Dir: "/"})
	for i := range 256 {
		if len(out) != 256 || out[i] != byte(i) {
			t.Fatalf("the port is not raw: %q", out)
		}
	}
	start := time.Now()
	const flood = 256 << 10
	if out, _ := g.run(protocol.Exec{Path: "/actor", Args: []string{"flood", fmt.Sprint(flood)}, Dir: "/"}); len(out) != flood {
		t.Errorf("%d bytes of output, want %d", len(out), flood)
	}
	t.Logf("256 KiB of output in %v", time.Since(start))
	start = time.Now()
	const times = 20
	for range times {
		g.run(protocol.Exec{Path: "/actor", Args: []string{"exit", "0"}, Dir: "/"})
	}
	t.Logf("exec of a Go binary: %v", time.Since(start)/times)
	start = time.Now()
	for range times {
		g.must(protocol.Request{Ping: &protocol.Ping{}})
	}
	t.Logf("ping: %v", time.Since(start)/times)
}

func testFiles(t *testing.T, g *guest) {
	// Less than protocol.ChunkSize: the port transfers 20 to 80 KiB/s.
	const chunk = 32 << 10
	content := make([]byte, chunk+1000)
	if _, err := rand.Read(content); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for offset := 0; offset < len(content); offset += chunk {
		g.must(protocol.Request{Put: &protocol.Put{
			Path: "/put/below/file", Offset: int64(offset), Mode: 0o755,
			Data: content[offset:min(offset+chunk, len(content))],
		}})
	}
	t.Logf("put %d KiB in %v", len(content)>>10, time.Since(start))
	start = time.Now()
	h := sha256.New()
	for offset := int64(0); ; {
		r := g.must(protocol.Request{Get: &protocol.Get{Path: "/put/below/file", Offset: offset}})
		h.Write(r.Data)
		offset += int64(len(r.Data))
		if r.EOF {
			break
		}
	}
	t.Logf("got it in %v", time.Since(start))
	if want := sha256.Sum256(content); !bytes.Equal(h.Sum(nil), want[:]) {
		t.Error("the file read back differs")
	}
	// A chunk at offset 0 replaces the file.
	g.must(protocol.Request{Put: &protocol.Put{Path: "/put/below/file", Mode: 0o600, Data: []byte("short")}})
	g.must(protocol.Request{Put: &protocol.Put{Path: "/put/a", Mode: 0o644}})
	r := g.must(protocol.Request{List: &protocol.List{Path: "/put"}})
	want := []protocol.File{{Path: "a", Mode: 0o644}, {Path: "below/file", Size: 5, Mode: 0o600}}
	if fmt.Sprint(r.Files) != fmt.Sprint(want) {
		t.Errorf("files %v, want %v", r.Files, want)
	}
	if r := g.must(protocol.Request{List: &protocol.List{Path: "/absent"}}); len(r.Files) != 0 {
		t.Errorf("files %v of a directory that does not exist", r.Files)
	}
}

func testErrors(t *testing.T, g *guest) {
	for _, c := range []struct {
		req   protocol.Request
		errno string
		text  string
	}{
		{protocol.Request{}, "", "unknown request"},
		{protocol.Request{Get: &protocol.Get{Path: "/absent"}}, "ENOENT", "/absent"},
		{protocol.Request{Get: &protocol.Get{Path: "/dev/zero"}}, "", "not a regular file"},
		{protocol.Request{Get: &protocol.Get{Path: "/init", Offset: -1}}, "", "negative offset"},
		{protocol.Request{Put: &protocol.Put{Path: "/proc/absent"}}, "ENOENT", "/proc/absent"},
		{protocol.Request{Modules: &protocol.Modules{Paths: []string{"/actor"}}}, "ENOEXEC", "/actor"},
		{protocol.Request{Mount: &protocol.Mount{Type: "nosuchfs", Target: "/mnt/x"}}, "ENODEV", "nosuchfs"},
		{protocol.Request{Mount: &protocol.Mount{Type: "tmpfs", Target: "/mnt/x", Options: "nosuch=option"}}, "EINVAL", "tmpfs"},
		{protocol.Request{Exec: &protocol.Exec{Path: "/absent", Dir: "/"}}, "ENOENT", "/absent"},
		{protocol.Request{Exec: &protocol.Exec{Path: "/put/a", Dir: "/"}}, "EACCES", "/put/a"},
		{protocol.Request{Exec: &protocol.Exec{Path: "/absent", Dir: "/", Terminal: true}}, "ENOENT", "/absent"},
		{protocol.Request{Winsize: &protocol.Winsize{Rows: -1}}, "", "out of range"},
	} {
		r := g.call(c.req)
		if r.Error == "" || r.Errno != c.errno || !strings.Contains(r.Error, c.text) {
			t.Errorf("%+v: error %q errno %q, want %q %q", c.req, r.Error, r.Errno, c.text, c.errno)
		}
		if c.errno == "EINVAL" && !strings.Contains(strings.Join(r.Log, "\n"), "nosuch") {
			t.Errorf("kernel log of a refused mount: %q", r.Log)
		}
	}
	for line, id := range map[string]uint64{
		"{\"id\":77,\"exec\":{\"path\":1}}\n": 77,
		"{\"id\":78, broken\n":                78,
		"\x00\xff\x1b[31m\n":                  0,
		"\n{\"id\":79,\"exec\":[]}\n":         79,
	} {
		if _, err := g.control.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
		if r := g.reply(bootWait); r.ID != id || r.Error == "" {
			t.Errorf("reply %+v to %.40q, want an error for %d", r, line, id)
		}
	}
	g.must(protocol.Request{Ping: &protocol.Ping{}})
}

func testKill(t *testing.T, g *guest) {
	id := g.send(protocol.Request{Exec: &protocol.Exec{Path: "/actor", Args: []string{"spin"}, Dir: "/", Token: "spin"}})
	g.waitOutput("spinning\n")
	g.must(protocol.Request{Ping: &protocol.Ping{}})
	g.must(protocol.Request{List: &protocol.List{Path: "/put"}})
	if r := g.call(protocol.Request{Exec: &protocol.Exec{Path: "/actor", Dir: "/"}}); r.Error == "" {
		t.Errorf("a second child was started: %+v", r)
	}
	kill := g.send(protocol.Request{Kill: &protocol.Kill{}})
	if r := g.reply(bootWait); r.ID != kill || r.Error != "" {
		t.Errorf("kill: %+v", r)
	}
	if r := g.reply(bootWait); r.ID != id || r.Exit == nil || *r.Exit != (protocol.Exit{Code: -1, Signal: "SIGKILL"}) {
		t.Errorf("exec: %+v", r)
	}
	g.waitOutput(mark("spin"))
	g.must(protocol.Request{Kill: &protocol.Kill{}}) // of nothing
}

func testLeftovers(t *testing.T, g *guest) {
	if _, exit := g.run(protocol.Exec{Path: "/actor", Args: []string{"leave"}, Dir: "/"}); exit.Code != 0 {
		t.Errorf("exit %+v", exit)
	}
	// A process left behind would have written by now.
	if out, _ := g.run(protocol.Exec{Path: "/actor", Args: []string{"exit", "0"}, Dir: "/"}); out != "" {
		t.Errorf("a process outlived the child and wrote %.100q", out)
	}
}

func testHostile(t *testing.T, g *guest) {
	for range 20 { // regression: it used to kill the agent one time in ten
		if out, exit := g.run(protocol.Exec{Path: "/actor", Args: []string{"signals"}, Dir: "/"}); exit.Code != 0 {
			t.Errorf("exit %+v: %s", exit, out)
		}
	}
	g.must(protocol.Request{Ping: &protocol.Ping{}})
	if out, exit := g.run(protocol.Exec{Path: "/actor", Args: []string{"stop"}, Dir: "/"}); exit.Code != 0 {
		t.Errorf("exit %+v: %s", exit, out)
	}
}

func testTerminal(t *testing.T, g *guest) {
	id := g.send(protocol.Request{Exec: &protocol.Exec{
		Path: "/actor", Args: []string{"terminal"}, Dir: "/", Terminal: true, Rows: 24, Cols: 80, Token: "tty",
	}})
	g.waitOutput("size 24x80\r\n")
	g.must(protocol.Request{Winsize: &protocol.Winsize{Rows: 50, Cols: 132}})
	g.waitOutput("size 50x132\r\n")
	if _, err := g.output.Write([]byte{'C' - 64}); err != nil {
		t.Fatal(err)
	}
	g.waitOutput("^C")
	g.waitOutput("interrupted\r\n")
	if r := g.reply(bootWait); r.ID != id || r.Exit == nil || r.Exit.Code != 0 {
		t.Errorf("exec: %+v", r)
	}
	g.waitOutput(mark("tty"))
	// The exit of a session leader flushes its terminal: all output must have
	// been sent by then.
	const lines = 2000
	for range 3 {
		out, _ := g.run(protocol.Exec{Path: "/actor", Args: []string{"lines", fmt.Sprint(lines)}, Dir: "/", Terminal: true})
		if n := strings.Count(out, "\r\n"); n != lines {
			t.Errorf("%d lines from a terminal session, want %d; the last: %q", n, lines, out[max(0, len(out)-40):])
		}
	}
	if _, exit := g.run(protocol.Exec{Path: "/actor", Args: []string{"exit", "9"}, Dir: "/", Terminal: true}); exit.Code != 9 {
		t.Errorf("exit %+v from a terminal session, want 9", exit)
	}
	// And the port is raw again for the next child.
	if out, _ := g.run(protocol.Exec{Path: "/actor", Args: []string{"lines", "1"}, Dir: "/"}); out != "line 0\n" {
		t.Errorf("output %q after a terminal session", out)
	}
}

func testClock(t *testing.T, g *guest) {
	want := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	g.must(protocol.Request{Clock: &protocol.Clock{UnixNano: want.UnixNano()}})
	g.must(protocol.Request{Put: &protocol.Put{Path: "/tmp/now", Mode: 0o600}})
	if r := g.call(protocol.Request{Clock: &protocol.Clock{UnixNano: -1}}); r.Errno != "EINVAL" {
		t.Errorf("a time before 1970: %+v", r)
	}
}
