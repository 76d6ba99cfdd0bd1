package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/kernels"
)

// A note that several kernels have is printed once, below the table.
func TestKernelsListNotes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "list")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	a := &app{stdout: out}
	if err := a.writeKernels([]kernels.Entry{
		{Release: "6.18.2", Note: "no modules"}, {Release: "6.19.1"}, {Release: "7.0.1", Note: "bad config"}, {Release: "7.1.1", Note: "no modules"},
	}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		got = append(got, words[len(words)-1])
	}
	if want := "NOTE 1 no 2 1 modules config"; strings.Join(got, " ") != want {
		t.Errorf("the lines end in %q, want %q:\n%s", got, want, text)
	}
}
