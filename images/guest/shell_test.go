package main_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/protocol"
)

// commandsBinary is the output of images/shellcmds, which takes a minute to
// build.
func commandsBinary(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SPLICELAB_GUEST_DIR")
	if dir == "" {
		t.Skip("SPLICELAB_GUEST_DIR not set: the directory of the guest's programs, bin/guest after make build")
	}
	path := filepath.Join(dir, "bb")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no u-root commands; make build builds them: %v", err)
	}
	return path
}

// TestShell uses an interactive shell as a person at a terminal would.
func TestShell(t *testing.T) {
	all := testKernels(t)
	commands := commandsBinary(t)
	agent := buildGuest(t, ".")
	k := all[len(all)-1]
	builder := images.Builder{Dir: t.TempDir()}
	image, err := builder.Initramfs(context.Background(), images.Spec{Kernel: k, Agent: agent, Commands: commands})
	if err != nil {
		t.Fatal(err)
	}
	g := boot(t, k, image.Path)
	id := g.send(protocol.Request{Exec: &protocol.Exec{
		Path: images.Shell, Dir: "/root", Env: []string{"TERM=vt100"}, Terminal: true, Rows: 24, Cols: 80, Token: "shell",
	}})
	// Like a person, it waits for the prompt, before which the line editor
	// hides the cursor: input typed earlier may be dropped.
	typed := func(line string) {
		t.Helper()
		g.waitOutput("\x1b[?25l> ")
		if _, err := g.output.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ line, want string }{
		// Words are split so that the echo of the input does not match.
		{"ls -l /ini''t\r", " init"},
		{"echo sum $((40+2))\r", "sum 42"},
		{"dmesg | grep 'Linux ver''sion' | head -n 1\r", "Linux version"},
		{"/bin/sh -c 'echo from $((1+1)) shells'\r", "from 2 shells"},
	} {
		typed(c.line)
		out := g.waitOutput(c.want)
		t.Logf("%q: %q", c.line, out+c.want)
	}
	// Ctrl-C ends the command but not the shell.
	typed("/bin/sh -c 'echo be''gun; sleep 1000'\r")
	g.waitOutput("begun\r\n")
	if _, err := g.output.Write([]byte{'C' - 64}); err != nil {
		t.Fatal(err)
	}
	typed("echo still $((1+2))\r")
	g.waitOutput("still 3")
	typed("exit\r")
	r := g.reply(bootWait)
	if r.ID != id || r.Exit == nil || r.Exit.Code != 0 {
		t.Errorf("shell: %+v", r)
	}
	if rest := g.waitOutput(mark("shell")); strings.Contains(rest, "not found") {
		t.Errorf("output %q", rest)
	}
}
