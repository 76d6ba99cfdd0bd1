package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
)

// Each verb has a man page, which man formats without a warning.
func TestManPages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man1")
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	root := (&app{Output: output.Output{Stdout: cli.NewOutput(os.Stdout), Stderr: os.Stderr}}).command()
	root.SetArgs([]string{"man", dir})
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	pages := 0
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.IsAvailableCommand() || c == root {
			name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
			page, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Errorf("%s has no man page: %v", c.CommandPath(), err)
			} else if text := string(page); !strings.Contains(text, c.Short) || !strings.Contains(text, "Nov 2023") {
				t.Errorf("%s does not say %q, or has another date than SOURCE_DATE_EPOCH", name, c.Short)
			}
			pages++
		}
		for _, child := range c.Commands() {
			walk(child)
		}
	}
	walk(root)
	if pages < 10 {
		t.Errorf("%d man pages: the commands were not found", pages)
	}
	man, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed: it checks the pages' markup")
	}
	all, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range all {
		cmd := exec.CommandContext(t.Context(), man, "-man", "-Tutf8", "-Kutf8", "-ww", "-z", page)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", filepath.Base(page), err, out)
		}
	}
}
