package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/results/resultstest"
)

var update = resultstest.Update

// TestHelp compares every verb's help with testdata/help, so that a change of
// the command line is seen, and documents that quote it can be kept true.
func TestHelp(t *testing.T) {
	a := &app{Output: output.Output{Stderr: os.Stderr}}
	root := a.command()
	wanted := map[string]bool{}
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		for _, child := range c.Commands() {
			visit(child)
		}
		if c.Name() == "help" || c.HasParent() && c.Parent().Name() == "completion" {
			return // cobra's own text
		}
		name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".txt"
		wanted[name] = true
		t.Run(strings.TrimSuffix(name, ".txt"), func(t *testing.T) {
			if c.Name() != "completion" && c.Example == "" {
				t.Error("the help has no example")
			}
			golden(t, filepath.Join("testdata/help", name), help(t, c))
		})
	}
	visit(root)

	entries, err := os.ReadDir("testdata/help")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !wanted[e.Name()] {
			t.Errorf("testdata/help/%s belongs to no command: remove it", e.Name())
		}
	}
}

func help(t *testing.T, c *cobra.Command) string {
	t.Helper()
	var out bytes.Buffer
	c.SetOut(&out)
	c.InitDefaultHelpFlag()
	if err := c.Help(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// golden compares got with a file, or writes it with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: accept it with go test ./cmd/splicelab -run TestHelp -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); accept it with -update:\n%s", file, diff)
	}
}
