package kernelset

import (
	"strings"
	"testing"

	"github.com/splicelab/splicelab/kernels"
)

// A note that several kernels have is printed once, below the table.
func TestKernelsListNotes(t *testing.T) {
	var out strings.Builder
	if err := Write(&out, []kernels.Entry{
		{Release: "6.18.2", Note: "no modules"}, {Release: "6.19.1"}, {Release: "7.0.1", Note: "bad config"}, {Release: "7.1.1", Note: "no modules"},
	}); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	var got []string
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		got = append(got, words[len(words)-1])
	}
	if want := "NOTE 1 no 2 1 modules config"; strings.Join(got, " ") != want {
		t.Errorf("the lines end in %q, want %q:\n%s", got, want, text)
	}
}

// No kernels are an empty list, not null.
func TestNoKernelsAsDocument(t *testing.T) {
	if list := Documents(nil); list == nil || len(list) > 0 {
		t.Errorf("no kernels as a document: %v", list)
	}
}
