package bench

import (
	"bufio"
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/splicelab/splicelab/lab/vm"
)

// The init is a program like any other, so it can be tried where it is not
// PID 1: it says its word and stays.
func TestSmallestInit(t *testing.T) {
	b := smallestInit()
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil || f.Type != elf.ET_EXEC || len(f.Progs) != 1 {
		t.Fatalf("not an ELF program of one segment: %+v, %v", f, err)
	}
	if runtime.GOARCH != "amd64" {
		t.Skip("a program for amd64")
	}
	path := filepath.Join(t.TempDir(), "init")
	if err := os.WriteFile(path, b, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if said, err := bufio.NewReader(out).ReadString('\n'); err != nil || said != firstWord {
		t.Errorf("it said %q, %v", said, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Errorf("it did not stay: %v", err)
	}
	_ = cmd.Wait()
}

// A word is heard when it comes in pieces, and when it came before anybody
// listened.
func TestListener(t *testing.T) {
	hear := func(c *vm.Console) *listener {
		l := &listener{console: c, text: []byte("word"), heard: make(chan struct{})}
		c.Tee(l)
		_, _ = l.Write(nil)
		return l
	}
	heard := func(l *listener) bool {
		select {
		case <-l.heard:
			return true
		default:
			return false
		}
	}
	c := vm.NewConsole(64)
	l := hear(c)
	for _, piece := range []string{"a wo", "r", "w", "or"} {
		_, _ = c.Write([]byte(piece))
	}
	if heard(l) {
		t.Error("heard what was not said")
	}
	_, _ = c.Write([]byte("d and word"))
	if !heard(l) {
		t.Error("a word in pieces was not heard")
	}
	early := vm.NewConsole(64)
	_, _ = early.Write([]byte("word"))
	if !heard(hear(early)) {
		t.Error("a word from before was not heard")
	}
}
